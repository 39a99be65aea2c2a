"""What the lints share: which files there are, and how a finding is reported.

A lint is `NAME.py [ROOT]`: it looks at the tree at ROOT (default: $top_srcdir, else the
current directory), prints one line "path:line: message" per finding, and exits 1 if
there was any. No lint knows an exception.
"""
import os
import sys


def root():
    if len(sys.argv) > 1:
        return sys.argv[1]
    return os.environ.get("top_srcdir", ".")


def files(top, *suffixes):
    """Paths below root()/top with one of the suffixes, relative to root(), sorted."""
    base = root()
    found = []
    for folder, folders, names in os.walk(os.path.join(base, top)):
        folders[:] = sorted(f for f in folders if f != "__pycache__")
        for name in names:
            if name.endswith(suffixes):
                found.append(os.path.relpath(os.path.join(folder, name), base))
    return sorted(found)


def lines(path):
    """(number, line without its newline) of a file below root()."""
    with open(os.path.join(root(), path), encoding="utf-8", newline="\n") as f:
        return list(enumerate(f.read().splitlines(), 1))


class Report:
    """Findings of one lint; finish() ends the program with the verdict."""

    def __init__(self, name):
        self.name = name
        self.count = 0
        self.looked_at = 0

    def add(self, path, number, message):
        print(f"{path}:{number}: {message}")
        self.count += 1

    def finish(self, may_be_none=False):
        if self.looked_at == 0 and not may_be_none:
            print(f"{self.name}: found no file to look at below {root()}")
            sys.exit(1)
        print(f"{self.name}: {self.looked_at} files, {self.count} findings")
        sys.exit(1 if self.count else 0)
