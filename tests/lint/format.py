#!/usr/bin/python3
"""Format: every .c and .h is laid out as .clang-format says.

`clang-format -i FILE` mends one. The .def tables are laid out by hand, as tables.
"""
import os
import shutil
import subprocess
import sys

import common


def main():
    report = common.Report("format")
    tool = shutil.which(os.environ.get("CLANG_FORMAT") or "clang-format")
    if tool is None:
        print("format: no clang-format; on Debian: apt install clang-format")
        sys.exit(1)
    found = common.files("src", ".c", ".h") + common.files("tests", ".c", ".h")
    report.looked_at = len(found)
    if found:
        result = subprocess.run([tool, "--style=file", "--dry-run", "-Werror", *found],
                                cwd=common.root(), text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if result.returncode != 0:
            bad = sorted({line.split(":")[0] for line in result.stdout.splitlines()
                          if ": error:" in line})
            print(result.stdout)
            for path in bad or [".clang-format"]:
                report.add(path, 1, "is not laid out as .clang-format says")
    report.finish()


main()
