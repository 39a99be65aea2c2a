#!/usr/bin/python3
"""Manual pages: each is clean under `mandoc -Tlint`, and each is installed.

$MAN_PAGES, which the makefile sets, are the pages that `make install` takes.
"""
import os
import re
import shutil
import subprocess
import sys

import common


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
    report.finish(may_be_none=True)


main()
