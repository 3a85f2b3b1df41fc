"""Programs of the field whose stacks have to be whole: each runs for as long as it is entered."""
import contextlib
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time

from cost.corpora import C, NODE, PROGRAMS, build
from cost.workload import CXX, PYTHON

QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}

GO = """
package main

import ("encoding/json"; "fmt"; "regexp"; "sort"; "strings"; "sync")

type row struct { ID int; Name string; Values []float64; Inner map[string]int }

func rows(n int) []row {
	out := make([]row, n)
	for i := range out {
		out[i] = row{i, strings.Repeat(fmt.Sprint(i), 3), make([]float64, i%9), map[string]int{fmt.Sprint("k", i): i}}
	}
	return out
}

func work(pattern *regexp.Regexp) int {
	text, _ := json.Marshal(rows(200))
	var back []row
	json.Unmarshal(text, &back)
	sort.Slice(back, func(i, j int) bool { return back[i].Name < back[j].Name })
	return len(pattern.FindAllString(string(text), -1)) + len(back)
}

func main() {
	pattern := regexp.MustCompile(`"k[0-9]+":[0-9]+`)
	var group sync.WaitGroup
	for worker := 0; worker < 2; worker++ {
		group.Add(1)
		go func() {
			results := make(chan int)
			go func() { for { results <- work(pattern) } }()
			for sum := 0; ; { sum += <-results }
		}()
	}
	group.Wait()
}
"""


@contextlib.contextmanager
def running(*commands, **more):
    """Processes in sessions of their own, killed at the end."""
    started = []
    try:
        for command in commands:
            started.append(subprocess.Popen(command, start_new_session=True, **(QUIET | more)))
        yield
    finally:
        for process in reversed(started):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def await_true(what, condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not come")
        time.sleep(0.05)


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def cxx_compile(folder):
    source = write(folder, "rows.cpp", CXX)
    loop = 'while :; do g++ -O2 -g -c "$1" -o "$1.o"; done'
    return running(["bash", "-c", loop, "loop", source])


def swift_compile(folder):
    lines = [f"func row{n}(_ a: [Int]) -> [String] {{ a.filter {{ $0 > {n} }}.map {{ $0 * 2 + 1 }}.sorted()"
             f".map {{ \"\\($0) \" + String($0 + {n}) }} }}\n" for n in range(60)]
    source = write(folder, "rows.swift", "".join(lines))
    loop = 'while :; do swiftc -O -parse-as-library -module-name rows -c "$1" -o "$1.o"; done'
    return running(["bash", "-c", loop, "loop", source])


def rust_compile(folder):
    lines = [f"pub fn row{n}(a: &[i64]) -> Vec<String> {{ let mut b: Vec<i64> = a.iter().filter(|x| **x > {n})"
             f".map(|x| x * 2 + 1).collect(); b.sort(); b.iter().map(|x| format!(\"{{}} {{}}\", x, x + {n})).collect() }}\n"
             for n in range(120)]
    source = write(folder, "rows.rs", "".join(lines))
    loop = 'while :; do rustc -O --crate-type=lib "$1" -o "$1.rlib"; done'
    return running(["bash", "-c", loop, "loop", source])


def python(folder):
    return running([sys.executable if "python" in os.path.basename(sys.executable) else "python3", "-c", PYTHON])


def node(folder):
    return running(["node", "-e", NODE])


@contextlib.contextmanager
def nginx(folder):
    port = free_port()
    write(folder, "index.html", "<html>" + "row " * 2000 + "</html>\n")
    config = write(folder, "nginx.conf", f"""
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{ access_log {folder}/access.log; gzip on; gzip_types text/html; client_body_temp_path {folder}/body;
proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
scgi_temp_path {folder}/scgi; server {{ listen 127.0.0.1:{port}; root {folder}; }} }}
""")
    os.chmod(folder, 0o755)
    with running(["nginx", "-e", os.path.join(folder, "error.log"), "-c", config]):
        await_true("nginx", lambda: answers(port))
        load = ["wrk", "-t1", "-c16", "-d3600", "-H", "Accept-Encoding: gzip", f"http://127.0.0.1:{port}/index.html"]
        with running(load):
            yield


def go(folder):
    source = write(folder, "rows.go", GO)
    environment = os.environ | {"GO111MODULE": "off", "CGO_ENABLED": "0", "GOFLAGS": "",
                                "GOCACHE": os.path.join(folder, "cache")}
    program = os.path.join(folder, "go-rows")
    subprocess.run(["go", "build", "-o", program, source], check=True, env=environment, **QUIET)
    return running([program])


def postgres_folder():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    return os.path.dirname(found[-1]) if found else None


def as_user(command):
    """postgres refuses root."""
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command] if os.geteuid() == 0 else command


@contextlib.contextmanager
def postgres(folder):
    binaries, port = postgres_folder(), free_port()
    data = os.path.join(folder, "data")
    os.mkdir(data)
    os.chmod(folder, 0o755)
    if os.geteuid() == 0:
        os.chown(data, pwd.getpwnam("nobody").pw_uid, -1)
    os.chmod(data, 0o700)
    home = {"cwd": data, "env": os.environ | {"HOME": data}}

    def tool(name, *arguments):
        return as_user([os.path.join(binaries, name), *arguments])

    subprocess.run(tool("initdb", "-D", data, "-A", "trust", "-U", "hearth", "--no-sync"), check=True, **home, **QUIET)
    server = tool("postgres", "-D", data, "-p", str(port), "-k", data, "-c", "listen_addresses=127.0.0.1", "-F")
    client = ["-h", "127.0.0.1", "-p", str(port), "-U", "hearth", "postgres"]
    with running(server, **home):
        await_true("postgres", lambda: answers(port))
        subprocess.run(tool("pgbench", "-i", "-s", "5", "-q", *client), check=True, **home, **QUIET)
        load = tool("pgbench", "-n", "-c", "4", "-j", "1", "-T", "3600", "-b", "tpcb-like", "-b", "select-only", *client)
        with running(load, **home):
            yield


def musl(folder):
    program = build(folder, "split-musl-static", ["musl-gcc", *C[1:], "-static", f"{PROGRAMS}/c/split.c"])
    return running([program, "--threads", "2", "--depth", "30", "--seconds", "3600"])


# Name, patterns of the executables that belong to it, what it needs, how it runs.
ALL = [
    ("C++ compile", ["cc1plus", "*g++*", "*-as", "as", "collect2"], ["g++"], cxx_compile),
    ("Swift compile", ["swift-frontend", "swift-driver", "swiftc"], ["swiftc"], swift_compile),
    ("Rust compile", ["rustc"], ["rustc"], rust_compile),
    ("python3", ["python3*"], ["python3"], python),
    ("node", ["node*"], ["node"], node),
    ("nginx", ["nginx"], ["nginx", "wrk"], nginx),
    ("Go", ["go-rows"], ["go"], go),
    ("postgres", ["postgres"], [], postgres),
    ("musl, static", ["split-musl-static"], ["musl-gcc"], musl),
]


def missing(name, tools):
    """What the program needs and this machine has not; `None` if it has all."""
    if name == "postgres" and postgres_folder() is None:
        return "postgresql"
    return next((tool for tool in tools if shutil.which(tool) is None), None)
