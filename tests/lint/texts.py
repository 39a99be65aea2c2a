#!/usr/bin/python3
"""Texts for people: every language has every text of src/web/texts.def and no other, in
its order, with the same places to be filled; every text is used; and no text has a number
of its own, which would go on being said when the rule has changed.
"""
import json
import os
import re

import common

TABLE = "src/web/texts.def"
FOLDER = "i18n"
# What is a number and no rule: a page of the manual, and the singular.
NUMBERS = {"general.more": r"empowerd-privacy\(7\)", "duration.day": r"\b1\b"}
report = common.Report("texts")


def read(path):
    try:
        with open(os.path.join(common.root(), path), encoding="utf-8") as f:
            report.looked_at += 1
            return f.read()
    except FileNotFoundError:
        report.add(path, 0, "is missing")
        return ""


def places(text):
    return sorted(set(re.findall(r"{[^}]*}", text)))


def language(path, keys, first):
    """Compares one language with the table and with the first one."""
    pairs = json.loads(read(path) or "{}", object_pairs_hook=list)
    own = dict(pairs)
    if len(own) != len(pairs):
        report.add(path, 0, "has a key twice")
    for key in sorted(set(keys) - set(own)):
        report.add(path, 0, f"lacks {key}")
    for key in sorted(set(own) - set(keys)):
        report.add(path, 0, f"has {key}, which is not in {TABLE}")
    if not set(keys) ^ set(own) and list(own) != keys:
        report.add(path, 0, f"is not in the order of {TABLE}")
    for key, text in own.items():
        if places(text) != places(first.get(key, text)):
            report.add(path, 0, f"{key} has other places to fill than the first language")
        if re.search(r"\d", re.sub(NUMBERS.get(key, r"$^"), "", text)):
            report.add(path, 0, f"{key} has a number of its own")
        if text != " ".join(text.split()) or not text:
            report.add(path, 0, f"{key} is empty or has stray spaces")
        if first is not own and key in first and text == first[key]:
            report.add(path, 0, f"{key} is not translated")
    return own


def main():
    rows = re.findall(r'^TEXT\((\w+), "([^"]+)"\)',
                      re.sub(r"/\*.*?\*/", "", read(TABLE), flags=re.S), flags=re.M)
    keys = [key for _, key in rows]
    languages = re.findall(r"\bLANG_(\w+),", read("src/web/texts.h").split("LANG_COUNT")[0])
    first = {}
    for tag in languages:
        own = language(f"{FOLDER}/{tag.lower()}.json", keys, first)
        first = first or own
    for path in common.files(FOLDER, ".json"):
        if os.path.basename(path)[:-len(".json")].upper() not in languages:
            report.add(path, 0, "is a language that src/web/texts.h does not name")
    used = "".join(read(path) for path in common.files("src", ".c"))
    for name, _ in rows:
        if not re.search(rf"\bTEXT_{name}\b", used):
            report.add(TABLE, 0, f"TEXT_{name} is used nowhere")
    report.finish()


main()
