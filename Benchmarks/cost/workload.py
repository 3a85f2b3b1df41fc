"""Busy hosts: programs that go on for long, a compiler that starts processes all the time, or both."""
import os
import signal
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LASTING = "2 threads of C below 30 callers; python3 with json and sorted"
COMPILING = "g++ compiling one file over and over"
SHORT = "and two shells that start programs of a few milliseconds without end"

PYTHON = """
import json, random
rows = [{'id': i, 'name': str(i) * 3, 'values': [random.random() for _ in range(8)]} for i in range(400)]
def encode(rows): return json.dumps(rows)
def order(rows): return sorted(rows, key=lambda row: row['values'][0])
while True: order(json.loads(encode(rows)))
"""

CXX = """
#include <algorithm>
#include <map>
#include <regex>
#include <string>
#include <vector>
template <int N> struct Row { std::map<std::string, std::vector<int>> cells; int sum() const {
    int all = N; for (auto &cell : cells) for (int value : cell.second) all += value; return all; } };
template <int N> int rows(const std::string &text) { Row<N> row; row.cells[text].push_back(N);
    return row.sum() + (N ? rows<N - 1>(text) : 0); }
template <> int rows<0>(const std::string &text) { return std::regex_match(text, std::regex("a+b*")); }
int main(int count, char **) { return rows<60>(std::string(count, 'a')); }
"""


class Workload:
    """Runs while it is entered; everything that it started ends with it."""

    def __init__(self, folder, lasting=True, compiling=True, short=False):
        self.folder = folder
        self.processes = []
        self.commands = []
        if lasting:
            self.commands += [self.c_program(), ["python3", "-c", PYTHON]]
        if compiling:
            self.commands.append(self.compile_loop())
        if short:
            self.commands += 2 * [["bash", "-c", "while :; do /bin/true; /bin/ls / | /bin/cat; done"]]

    def __enter__(self):
        for command in self.commands:
            self.processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True))
        return self

    def __exit__(self, *_):
        for process in self.processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def c_program(self):
        program = os.path.join(self.folder, "split-c")
        source = os.path.join(ROOT, "Tests/Programs/c/split.c")
        subprocess.run(["gcc", "-O2", "-fomit-frame-pointer", "-fno-lto", "-pthread", source, "-o", program], check=True)
        return [program, "--threads", "2", "--depth", "30", "--seconds", "3600"]

    def compile_loop(self):
        source = os.path.join(self.folder, "rows.cpp")
        with open(source, "w") as file:
            file.write(CXX)
        return ["bash", "-c", 'while g++ -O2 -c "$1" -o "$1.o"; do :; done', "compile-loop", source]
