#!/usr/bin/python3
"""Documents: what the tables name, the manual names too, and the other way round.

From the tables: every configuration key with its default, every route, every problem,
every event type and field of an event, every metric, every parameter and figure of a
rollup, every table and view. The numbers of what is promised about people are those of
the source. From the programs: every option and command that --help
shows. $EMPOWERD and $EMPOWERCTL are the programs.
"""
import os
import re
import subprocess

import common

report = common.Report("docs")


def text(path):
    """The text of a file, "" (and a finding) without it."""
    try:
        with open(os.path.join(common.root(), path), encoding="utf-8") as f:
            report.looked_at += 1
            return f.read()
    except FileNotFoundError:
        report.add(path, 0, "is missing")
        return ""


def page(name):
    """Path and text of a page; hyphens and quotes as a reader sees them."""
    source = text("man/" + name)
    return "man/" + name, source.replace("\\-", "-").replace("\\(dq", '"')


def rows(path, macro, pattern):
    """What `pattern` finds behind MACRO( in a table, comments taken out."""
    table = re.sub(r"/\*.*?\*/", "", text(path), flags=re.S)
    found = re.findall(r"^" + macro + r"\(" + pattern, table, flags=re.M)
    if not found:
        report.add(path, 0, f"has no row of {macro}")
    return found


def needs(where, words, what):
    """Each of `words` stands in the page as a word of its own."""
    path, body = where
    for word in words:
        if not re.search(r"(?<![\w.])" + re.escape(word) + r"(?![\w-])", body):
            report.add(path, 0, f"does not describe the {what} {word}")


def only(where, pattern, words, what):
    """What `pattern` finds in the page is among `words`."""
    path, body = where
    for word in re.findall(pattern, body, flags=re.M):
        if word not in words:
            report.add(path, 0, f"describes the {what} {word}, which is not there")


def configuration():
    where = page("empowerd.conf.5")
    found = rows("src/daemon/config.def", "CONFIG", r'(\w+),\s*\w+,\s*"([^"]*)"')
    only(where, r"^\.It Cm (\w+)$", {key for key, _ in found}, "key")
    for key, default in found:
        entry = re.search(rf"^\.It Cm {key}\n(.*?)(?=^\.It|^\.El)", where[1],
                          flags=re.M | re.S)
        if not entry:
            report.add(where[0], 0, f"does not describe the key {key}")
        elif f"Default: {default or 'empty'}" not in entry[1].replace("\n", " "):
            report.add(where[0], 0, f"tells another default of {key} than {default}")


def interface():
    where = page("empowerd-api.7")
    routes = {f"{method} {path}" for method, path in
              rows("src/api/routes.def", "ROUTE", r'(\w+),\s*"([^"]+)"')}
    only(where, r"^\.It Ic ((?:GET|PUT|POST|DELETE) \S+)$", routes, "route")
    for route in sorted(routes):
        if f".It Ic {route}\n" not in where[1]:
            report.add(where[0], 0, f"does not describe the route {route}")
    problems = rows("src/base/errors.def", "ERR", r'\w+,\s*"([^"]+)",\s*(\d+),')
    for slug, status in problems:
        # What never reaches a client is not in its interface.
        if slug != "ok" and not re.search(
                rf"^\.It Li {slug} Ta {status} Ta ", where[1], flags=re.M):
            report.add(where[0], 0, f"does not list the problem {slug} ({status})")
    only(where, r"^\.It Li ([\w-]+) Ta \d+ Ta", {slug for slug, _ in problems}, "problem")
    needs(where, rows("src/model/catalogue.def", "TYPE", r'\w+,\s*"([^"]+)"'),
          "event type")
    needs(where, rows("src/codec/ingest_fields.def", "(?:FIELD|ENVELOPE)",
                      r'\d+,\s*\w+,\s*"([^"]+)"'), "field")
    metrics = set(rows("src/api/metrics.def", r"(?:METRIC|OUTSIDE)",
                       r'(?:\w+,\s*)+"([^"]+)"'))
    for name in sorted(metrics):
        if f".It Li {name}\n" not in where[1]:
            report.add(where[0], 0, f"does not describe the metric {name}")
    query = text("src/model/query.c")
    parameters = re.search(r"parameters\[\] = \{(.*?)\n\};", query, flags=re.S)
    needs(where, re.findall(r'^\t\{"(\w+)"', parameters[1] if parameters else "",
                            flags=re.M), "parameter")
    figures = set()
    for path in common.files("src/privacy", ".c"):
        figures |= set(re.findall(r'^\s*\{"(\w+)",\s*\w+_?get\w*', text(path), flags=re.M))
    if not figures:
        report.add("src/privacy", 0, "has no table of columns")
    needs(where, sorted(figures), "figure")


def schema():
    where = page("empowerd-schema.7")
    found = set()
    for path in common.files("schema", ".sql"):
        found |= set(re.findall(r"^CREATE (?:TABLE|VIEW) (\w+)", text(path), flags=re.M))
    if not found:
        report.add("schema", 0, "has no table")
    entries = " ".join(re.findall(r"^\.It Sy (.*)$", where[1], flags=re.M))
    named = set(entries.replace(",", " ").split())
    for name in sorted(found - named):
        report.add(where[0], 0, f"does not describe the table or view {name}")
    for name in sorted(named - found):
        report.add(where[0], 0, f"describes the table or view {name}, which is not there")


# Constants behind the rows of THE NUMBERS, in their order.
PROMISED = [
    ("src/model/release.h", "RELEASE_K"), ("src/model/release.h", "RELEASE_K_MIN"),
    ("src/model/release.h", "RELEASE_K_MAX"), ("src/model/release.h", "RELEASE_OUTSIDE"),
    ("src/model/release.h", "RELEASE_K_UNVERIFIED"),
    ("src/model/release.h", "RELEASE_K_COMMENTS"),
    ("src/privacy/rollup_impl.h", "K_ANONYMITY"),
    ("src/privacy/rollup_impl.h", "K_DELICATE"),
    ("src/model/lifecycle.h", "CASE_UNIT_PEOPLE_MIN"), None,
    ("src/store/release_when.c", "DAYS_OPEN"),
]


def privacy():
    path, body = page("empowerd-privacy.7")
    said = re.findall(r"^\.It (\d+) Ta (.*)$", body, flags=re.M)
    if len(said) != len(PROMISED):
        report.add(path, 0, f"has {len(said)} numbers instead of {len(PROMISED)}")
    for (number, what), constant in zip(said, PROMISED):
        found = constant and re.search(rf"^#define {constant[1]} (\d+)\b",
                                       text(constant[0]), flags=re.M)
        if constant and (not found or found[1] != number):
            report.add(path, 0, f"says {number} {what}; {constant[1]} is "
                       f"{found[1] if found else 'not there'}")


def program(variable, *arguments):
    """What the program of an environment variable shows."""
    path = os.environ.get(variable, "")
    try:
        result = subprocess.run([path, *arguments], text=True, capture_output=True,
                                timeout=60)
    except OSError as error:
        report.add(path or "$" + variable, 0, f"cannot be run: {error}")
        return ""
    if result.returncode != 0:
        report.add(path, 0, f"{' '.join(arguments)}: exit status {result.returncode}")
    return result.stdout


def options(shown):
    """Long and short options in a help text."""
    found = re.findall(r"^\s+(?:(-\w), )?(?:\s*)--([\w-]+)", shown, flags=re.M)
    return {name for _, name in found}, {letter[1] for letter, _ in found if letter}


def programs():
    for variable, name in (("EMPOWERD", "empowerd.8"), ("EMPOWERCTL", "empowerctl.1")):
        where = page(name)
        shown = program(variable, "--help")
        commands = []
        if variable == "EMPOWERCTL":
            listed = re.search(r"^Commands:\n(.*?)\n\n", shown, flags=re.M | re.S)
            commands = re.findall(r"^  (\w+)", listed[1] if listed else "", flags=re.M)
            if not commands:
                report.add(name, 0, "--help shows no command")
            for command in commands:
                shown += program(variable, "help", command)
        long, short = options(shown)
        if not long:
            report.add(name, 0, "--help shows no option")
        for option in sorted(long):
            if not re.search(rf"Fl -{option}(?![\w-])", where[1]):
                report.add(where[0], 0, f"does not describe the option --{option}")
        for letter in sorted(short):
            if not re.search(rf"Fl {letter}(?!\w)", where[1]):
                report.add(where[0], 0, f"does not describe the option -{letter}")
        only(where, r"\bFl -([\w-]+)", long, "option")
        sections = re.findall(r"^\.Ss (\w+)", where[1], flags=re.M)
        for command in commands:
            if command not in sections:
                report.add(where[0], 0, f"does not describe the command {command}")


configuration()
interface()
schema()
privacy()
programs()
report.finish()
