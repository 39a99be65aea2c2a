#!/usr/bin/python3
"""Words: nothing left to do, no waiting by the clock in a test, no stray whitespace.

A test that sleeps is slow where it passes and fails where the machine is slower; wait
for the thing itself, with a deadline.
"""
import os
import re

import common

TEXT = (".ac", ".am", ".c", ".conf", ".def", ".h", ".json", ".mk", ".py", ".sh", ".sql",
        ".1", ".5", ".7", ".8", ".html", ".js", ".css", ".may_include")
DOCUMENTS = ("README", "HACKING", "NEWS", "configure.ac", "Makefile.am", ".ci/run",
             "contrib/dev")
TREES = ("src", "tests", "schema", "man", "etc", "i18n", "contrib")
# Put together here so that this file does not hold what it looks for.
LEFT_OVER = re.compile(r"\b(" + "|".join(("TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK"))
                       + r")\b")
WAITING = re.compile(r"(?:\b(?:u|nano|clock_nano)?sleep\s*\()|(?:^\s*sleep\s+[\d.$\"])")


def main():
    report = common.Report("words")
    found = [f for f in DOCUMENTS if os.path.exists(os.path.join(common.root(), f))]
    for tree in TREES:
        found += common.files(tree, *TEXT)
    for path in sorted(set(found)):
        report.looked_at += 1
        for number, line in common.lines(path):
            match = LEFT_OVER.search(line)
            if match:
                report.add(path, number, f"{match.group(1)}: do it or leave it out")
            if path.startswith("tests/") and WAITING.search(line):
                report.add(path, number, "a test must not wait by the clock")
            if line != line.rstrip():
                report.add(path, number, "whitespace at the end of the line")
    report.finish()


main()
