#!/usr/bin/python3
"""Symbols: no two objects of libempower.a define the same global name.

A program is linked with the first object of the archive that has a name it needs, and
never looks whether another has it too: of two functions of one name one would silently
never run.
$top_builddir says where the archive is (default: the current directory), $NM what reads
it.
"""
import os
import subprocess

import common

ARCHIVE = "libempower.a"
# Of nm's letters: text, data, bss, read-only and small data, common, indirect functions.
# Weak ones may be many by design.
STRONG = "TDBRGSCi"


def symbols(path):
    """(object, name) of all that the archive's objects define for others."""
    output = subprocess.run([os.environ.get("NM", "nm"), "-A", "-P", "-g", path], check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    for line in output.splitlines():
        # libempower.a[thing.o]: name letter value size
        where, _, rest = line.partition("]: ")
        name, letter = rest.split()[:2]
        if letter in STRONG:
            yield where.rpartition("[")[2], name


def main():
    report = common.Report("symbols")
    path = os.path.join(os.environ.get("top_builddir", "."), ARCHIVE)
    home = {}
    objects = set()
    for member, name in symbols(path):
        objects.add(member)
        home.setdefault(name, []).append(member)
    report.looked_at = len(objects)
    for name in sorted(home):
        if len(home[name]) > 1:
            report.add(ARCHIVE, 0, f"{name} is defined by " + " and ".join(home[name]))
    report.finish()


main()
