#!/usr/bin/python3
"""Manual pages: each is clean under `mandoc -Tlint`, fits a terminal of 80 columns, and
is installed.

$MAN_PAGES, which the makefile sets, are the pages that `make install` takes.
"""
import os
import re
import shutil
import subprocess
import sys

import common

COLUMNS = 80


def check_width(report, tool, page, folder):
    """Lines that are not broken, and cells of a table that push out those behind them."""
    shown = subprocess.run([tool, "-Tascii", f"-Owidth={COLUMNS - 2}", page], text=True,
                           cwd=folder, stdout=subprocess.PIPE).stdout
    for line in re.sub(".\b", "", shown).splitlines():
        if len(line) > COLUMNS:
            report.add("man/" + page, 1, f"{len(line)} columns: {line.strip()}")
    room = []
    for number, line in common.lines("man/" + page):
        if line.startswith(".Bl -column"):
            room = [len(cell) for cell in re.findall('"([^"]*)"', line)]
        elif line == ".El":
            room = []
        elif room and line.startswith(".It ") and not line.startswith((".It Em", ".It Sy")):
            cells = [re.sub(r"^(Li|Pa|Cm) |\\&", "", c) for c in line[4:].split(" Ta ")]
            for cell, most in zip(cells[:-1], room):
                if len(cell) > most:
                    report.add("man/" + page, number, f"wider than its column: {cell}")


def main():
    report = common.Report("man")
    tool = shutil.which("mandoc")
    if tool is None:
        print("man: no mandoc; on Debian: apt install mandoc")
        sys.exit(1)
    installed = {os.path.basename(p) for p in os.environ.get("MAN_PAGES", "").split()}
    pages = {os.path.basename(p) for p in common.files("man", ".1", ".5", ".7", ".8")}
    for page in sorted(installed - pages):
        report.add("man/module.mk", 1, f"installs {page}, which is not there")
    for page in sorted(pages):
        report.looked_at += 1
        if page not in installed:
            report.add("man/" + page, 1, "is not installed: add it to man/module.mk")
        result = subprocess.run([tool, "-Tlint", "-Wstyle", page], text=True,
                                cwd=os.path.join(common.root(), "man"),
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for line in result.stdout.splitlines():
            # Which pages of others a machine has says nothing about ours.
            missing = re.search(r"referenced manual not found: Xr (\S+) (\S+)", line)
            if not missing or (missing[1].startswith("empower")
                               and f"{missing[1]}.{missing[2]}" not in pages):
                report.add("man/" + page, 1, line)
        check_width(report, tool, page, os.path.join(common.root(), "man"))
    report.finish(may_be_none=True)


main()
