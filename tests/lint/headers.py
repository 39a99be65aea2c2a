#!/usr/bin/python3
"""Headers: each compiles alone and can be included twice.

Needs $CC and $HEADER_FLAGS, which the makefile sets.
"""
import concurrent.futures
import os
import shlex
import subprocess

import common


def compile_alone(path):
    name = path[len("src/"):] if path.startswith("src/") else os.path.basename(path)
    command = shlex.split(os.environ.get("CC", "cc"))
    command += shlex.split(os.environ.get("HEADER_FLAGS", ""))
    command += [f"-I{common.root()}/src", "-Werror", "-fsyntax-only", "-x", "c"]
    if not path.startswith("src/"):
        command.append(f"-I{os.path.join(common.root(), os.path.dirname(path))}")
    text = f'#include "{name}"\n#include "{name}"\nextern int emp_not_empty;\n'
    return path, subprocess.run(command + ["-"], input=text, text=True,
                                cwd=os.environ.get("top_builddir", "."),
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def main():
    report = common.Report("headers")
    found = common.files("src", ".h") + common.files("tests", ".h")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, result in pool.map(compile_alone, found):
            report.looked_at += 1
            if result.returncode != 0:
                report.add(path, 1, "does not compile alone:\n" + result.stdout)
    report.finish()


main()
