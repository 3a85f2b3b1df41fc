"""One run of hearthd, read from outside: CPU from the kernel's clocks of the processes, the rest from /metrics."""
import os
import re
import signal
import socket
import subprocess
import time


def process_cpu(pid):
    """CPU seconds of all threads of a process, ended ones too: its CPUCLOCK_SCHED (include/linux/posix-timers.h)."""
    return time.clock_gettime((~pid << 3) | 2)


def status(pid, field):
    """A field of /proc/PID/status or smaps_rollup in bytes."""
    name = "smaps_rollup" if field.startswith("Pss") else "status"
    with open(f"/proc/{pid}/{name}") as file:
        return int(re.search(rf"^{field}:\s+(\d+) kB", file.read(), re.M)[1]) * 1024


class Reading:
    """Counters at one moment."""

    def __init__(self, daemon):
        self.time = time.monotonic()
        self.daemon_cpu = process_cpu(daemon.pid)
        self.child_cpu = process_cpu(daemon.child)
        self.metrics = daemon.metrics()

    def sum(self, name, labels=""):
        """Sum over the series of a metric whose labels hold a text."""
        return sum(value for (metric, text), value in self.metrics.items() if metric == name and labels in text)


class Daemon:
    """hearthd on a unix socket, while it is entered."""

    def __init__(self, binary, folder, hertz, settings="", **sampling):
        self.binary, self.folder, self.settings = binary, folder, settings
        self.sampling = {"hertz": hertz, **sampling}
        self.socket = os.path.join(folder, f"hearth-{hertz}.sock")

    def __enter__(self):
        config = os.path.join(self.folder, "hearth.yaml")
        with open(config, "w") as file:
            file.write("sampling:\n" + "".join(f"  {key}: {value}\n" for key, value in self.sampling.items()))
            file.write(self.settings)
        self.log = open(os.path.join(self.folder, "hearth.log"), "w")
        self.process = subprocess.Popen(
            [self.binary, "--config", config, "--listen", f"unix:{self.socket}", "--state-dir", self.folder],
            stderr=self.log)
        self.pid = self.process.pid
        try:
            self.await_answer()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=10)
        self.log.close()

    def await_answer(self):
        deadline = time.monotonic() + 20
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                with open(self.log.name) as log:
                    raise SystemExit(f"hearthd does not answer:\n{log.read()[-2000:]}")
            time.sleep(0.02)

    def is_ready(self):
        try:
            return bool(self.child) and self.get("/readyz").startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    @property
    def child(self):
        """Pid of the symbolizer; it may be started anew."""
        for thread in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{thread}/children") as file:
                children = file.read().split()
            if children:
                return int(children[0])
        return None

    def get(self, path):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(self.socket)
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: hearth\r\nConnection: close\r\n\r\n".encode())
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def metrics(self):
        """{(name, labels): value}"""
        lines = re.findall(r"^(hearth_\w+)(\{.*\})? (\S+)$", self.get("/metrics").decode(), re.M)
        return {(name, labels): float(value) for name, labels, value in lines}

    def bytes(self, field):
        """A field of both processes."""
        return status(self.pid, field), status(self.child, field)
