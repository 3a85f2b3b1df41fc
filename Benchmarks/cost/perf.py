"""perf on the same work: record with whole stack dumps, then script, which unwinds and names them."""
import os
import resource
import subprocess
import time


def children_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def record(path, hertz, seconds):
    """CPU seconds of `perf record`."""
    before = children_cpu()
    command = ["perf", "record", "-q", "-a", "-F", str(hertz), "--call-graph", "dwarf,65528", "-o", path]
    subprocess.run(command + ["--", "sleep", str(seconds)], check=True, stderr=subprocess.DEVNULL)
    return children_cpu() - before


def script(path, patience):
    """CPU seconds of `perf script`, and samples that it has printed; it may be ended after `patience` seconds."""
    before, end, samples = children_cpu(), time.monotonic() + patience, 0
    command = ["perf", "script", "--no-inline", "-F", "comm,pid,tid,time,event,ip,sym,dso", "-i", path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        for line in process.stdout:
            samples += line == b"\n"
            if time.monotonic() > end:
                process.kill()
                break
    return children_cpu() - before, samples


def count(path):
    """Samples in the file."""
    command = ["perf", "report", "--stats", "-i", path]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()
    total = [line.split()[2] for line in text.splitlines() if "SAMPLE events:" in line]
    return int(total[0])


def measure(folder, hertz, seconds, patience=120):
    """µs of CPU per sample of record and of script; None if perf record fails, as some versions do."""
    path = os.path.join(folder, "perf.data")
    try:
        recording = record(path, hertz, seconds)
    except subprocess.CalledProcessError as error:
        print(f"perf left out: {error}")
        return None
    samples = count(path)
    scripting, printed = script(path, patience)
    os.unlink(path)
    return {"samples": samples, "record": recording / samples * 1e6, "script": scripting / max(1, printed) * 1e6}
