#!/usr/bin/python3
"""Sizes: a .c has at most 800 lines, a .h 250, a function 80, a line 88 columns, also
of the documents that are read as they stand.

The layout check makes sure that the braces of a function, and of nothing else, stand
alone in the first column; so its length is counted between them, both included.
"""
import os

import common

DOCUMENTS = ["HACKING", "NEWS"]
FILE_LINES = {".c": 800, ".h": 250}
FUNCTION_LINES = 80
COLUMNS = 88


def check_columns(report, path, number, line):
    width = len(line.expandtabs(8))
    if width > COLUMNS:
        report.add(path, number, f"{width} columns; the limit is {COLUMNS}")


def main():
    report = common.Report("sizes")
    for path in DOCUMENTS:
        if os.path.exists(os.path.join(common.root(), path)):
            for number, line in common.lines(path):
                check_columns(report, path, number, line)
    for top in ("src", "tests"):
        for path in common.files(top, *FILE_LINES):
            report.looked_at += 1
            lines = common.lines(path)
            limit = FILE_LINES[path[-2:]]
            if len(lines) > limit:
                report.add(path, len(lines), f"{len(lines)} lines; the limit is {limit}")
            start = 0
            for number, line in lines:
                check_columns(report, path, number, line)
                if line == "{":
                    start = number
                elif line == "}" and start:
                    length = number - start + 1
                    if length > FUNCTION_LINES:
                        report.add(path, start, f"a function of {length} lines; "
                                   f"the limit is {FUNCTION_LINES}")
                    start = 0
    report.finish()


main()
