"""Programs whose stacks the unwinders are measured on: each runs until it is killed."""
import os
import shutil
import subprocess

from .workload import CXX, PYTHON, ROOT

PROGRAMS = os.path.join(ROOT, "Tests/Programs")
C = ["gcc", "-O2", "-fomit-frame-pointer", "-fno-lto", "-pthread"]

RECURSIVE = """
import json
def descend(depth, rows):
    if depth == 0: return sorted(rows, key=lambda row: len(json.dumps(row)))
    return sorted(rows, key=lambda row: row['id'] if depth % 2 else descend(0, rows[:3])[0]['id']) and descend(depth - 1, rows)
rows = [{'id': i, 'values': list(range(i % 9))} for i in range(60)]
while True: descend(8, rows)
"""
NODE = """
const rows = Array.from({length: 300}, (_, i) => ({id: i, name: 'n' + i % 7, values: [i, i * 2, {deep: [i]}]}));
function order(depth) { return depth ? order(depth - 1) : rows.slice().sort((a, b) =>
    JSON.stringify(a).localeCompare(JSON.stringify(b))); }
for (;;) order(20);
"""


SWIFT = """
@inline(never) func descend(_ depth: Int, _ rows: [String: [Int]]) -> Int {
    if depth > 0 { return descend(depth - 1, rows) &+ rows.count }
    let names = rows.keys.sorted { $0.reversed().elementsEqual($1) || $0 < $1 }
    return names.map { name in rows[name, default: []].map { "\\($0)" }.joined(separator: name).count }.reduce(0, &+)
}
@main struct Churn {
    static func main() {
        let rows = Dictionary(uniqueKeysWithValues: (0..<60).map { ("row \\($0 * 7919 % 61)", Array(0..<($0 % 9))) })
        var sum = 0
        while true { sum &+= descend(12, rows) }
    }
}
"""


def build(folder, name, command):
    """The built program."""
    out = os.path.join(folder, name)
    subprocess.run([*command, "-o", out], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return out


def known(program, depth, threads=1, *more):
    return [program, "--seconds", "3600", "--depth", str(depth), "--threads", str(threads), *more]


def c_corpora(folder):
    program = build(folder, "split-c", [*C, f"{PROGRAMS}/c/split.c"])
    yield "C, 10 deep", known(program, 10)
    yield "C, 30 deep", known(program, 30)
    yield "C, 100 deep", known(program, 100)
    yield "C, 2 threads", known(program, 40, 2)
    yield "C, in signal handlers", known(program, 10, 1, "--signal")
    musl = build(folder, "split-musl", ["musl-gcc", *C[1:], f"{PROGRAMS}/c/split.c"])
    yield "C, musl", known(musl, 30)


def other_corpora(folder):
    cxx = build(folder, "split-cxx", ["g++", *C[1:], "-fno-optimize-sibling-calls", f"{PROGRAMS}/cxx/split.cpp"])
    yield "C++", known(cxx, 10)
    if shutil.which("rustc"):
        flags = ["--edition", "2021", "-C", "opt-level=2", "-C", "force-frame-pointers=no"]
        yield "Rust", known(build(folder, "split-rust", ["rustc", *flags, f"{PROGRAMS}/rust/split.rs"]), 20)
    source = os.path.join(folder, "churn.swift")
    with open(source, "w") as file:
        file.write(SWIFT)
    yield "Swift", [build(folder, "churn", ["swiftc", "-O", "-parse-as-library", source])]
    yield "python3", ["/usr/bin/python3", "-c", PYTHON]
    yield "python3, recursive", ["/usr/bin/python3", "-c", RECURSIVE]
    if shutil.which("node"):
        yield "node", ["node", "-e", NODE]


def compilers(folder):
    """One process that compiles for long, not the driver."""
    source = os.path.join(folder, "rows.cpp")
    with open(source, "w") as file:
        file.write(CXX.replace("rows<60>", "rows<400>"))
    preprocessed = build(folder, "rows.ii", ["g++", "-E", source])
    find = subprocess.run(["g++", "-print-prog-name=cc1plus"], check=True, stdout=subprocess.PIPE)
    yield "g++ (cc1plus)", [find.stdout.decode().strip(), "-quiet", "-fpreprocessed", "-O2", preprocessed,
                           "-o", "/dev/null"]
    swift = os.path.join(folder, "rows.swift")
    with open(swift, "w") as file:
        for number in range(400):
            file.write(f"func row{number}(_ a: [Int]) -> [String] {{ a.filter {{ $0 > {number} }}.map {{ $0 * 2 + 1 }}"
                       f".sorted().map {{ \"\\($0) \" + String($0 + {number}) }} }}\n")
    yield "swiftc", ["swiftc", "-frontend", "-c", "-O", "-parse-as-library", "-module-name", "rows", swift,
                     "-o", os.path.join(folder, "rows.o")]


def all_corpora(folder):
    yield from c_corpora(folder)
    yield from other_corpora(folder)
    yield from compilers(folder)
