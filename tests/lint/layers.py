#!/usr/bin/python3
"""Layers: a module of src/ includes only what its .may_include names.

src/<module>/.may_include has one pattern of an include path per line (`base/*.h`,
`sqlite3.h`), or the name of a class of headers (`@libc`) that src/.may_include defines
as `@name: pattern pattern ...`; `#` starts a comment. Paths are written from src/
("base/buf.h", never "buf.h"), so a pattern says which module is meant.
"""
import fnmatch
import os
import re

import common

INCLUDE = re.compile(r'\s*#\s*include\s*(?:["<]([^">]+)[">])?')


def plain(text):
    return text.split("#", 1)[0].strip()


def classes(report):
    """The classes of src/.may_include by name."""
    path = "src/.may_include"
    known = {}
    for number, line in common.lines(path):
        if not plain(line):
            continue
        name, colon, patterns = plain(line).partition(":")
        if not colon or not name.startswith("@"):
            report.add(path, number, "expected '@class: pattern ...'")
            continue
        known.setdefault(name, []).extend(patterns.split())
    return known


def allowed(module, known, report):
    """The patterns that the module may include."""
    path = f"src/{module}/.may_include"
    if not os.path.exists(os.path.join(common.root(), path)):
        report.add(path, 0, "is missing: name what this module may include")
        return []
    patterns = []
    for number, line in common.lines(path):
        word = plain(line)
        if word.startswith("@"):
            if word not in known:
                report.add(path, number, f"{word} is no class of src/.may_include")
            patterns.extend(known.get(word, []))
        elif word:
            patterns.append(word)
    return patterns


def main():
    report = common.Report("layers")
    known = classes(report)
    by_module = {}
    for path in common.files("src", ".c", ".h", ".def"):
        parts = path.split("/")
        if len(parts) < 3:
            report.add(path, 0, "belongs into the directory of a module")
            continue
        module = parts[1]
        if module not in by_module:
            by_module[module] = allowed(module, known, report)
        report.looked_at += 1
        for number, line in common.lines(path):
            match = INCLUDE.match(line)
            if not match:
                continue
            target = match.group(1)
            if target is None:
                report.add(path, number, "an include must name its file itself")
            elif not any(fnmatch.fnmatchcase(target, p) for p in by_module[module]):
                report.add(path, number, f"src/{module} may not include {target} "
                           f"(see src/{module}/.may_include)")
    report.finish()


main()
