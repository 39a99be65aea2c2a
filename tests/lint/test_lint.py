"""The lints themselves: each passes on a clean tree and finds each thing it forbids."""
import os
import re
import shutil
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))

CLEAN_C = """/* A file. */
#include <stdio.h>

#include "base/thing.h"

int
thing_count(void)
{
	return 0;
}
"""
CLEAN_H = """/* A header. */
#ifndef BASE_THING_H
#define BASE_THING_H

#include <stddef.h>

int thing_count(void);

#endif
"""


class Tree:
    def __init__(self, path):
        self.path = path
        self.write("src/.may_include", "# c\n@libc: stdio.h stddef.h\n")
        self.write("src/base/.may_include", "base/*.h\n@libc\n")
        self.write("src/model/.may_include", "model/*.h\nbase/*.h\n@libc\n")
        self.write("src/base/thing.c", CLEAN_C)
        self.write("src/base/thing.h", CLEAN_H)
        self.write("tests/unit/unit.h", "#ifndef U\n#define U\nint unit(void);\n#endif\n")
        self.write("tests/http/test_x.py", "def test_x():\n    assert 1\n")
        shutil.copy(os.path.join(TOP, ".clang-format"), path / ".clang-format")

    def write(self, name, text):
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="")

    def lint(self, name, **env):
        return subprocess.run([sys.executable, os.path.join(HERE, name + ".py"),
                               str(self.path)], text=True, capture_output=True,
                              env={**os.environ, "HEADER_FLAGS": "-std=c17", **env})

    def finds(self, name, place, message):
        result = self.lint(name)
        assert result.returncode == 1, result.stdout + result.stderr
        assert place in result.stdout and message in result.stdout


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


@pytest.mark.parametrize("name", ["layers", "sizes", "headers", "format", "words"])
def test_clean_tree_passes(tree, name):
    result = tree.lint(name)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("name", ["layers", "sizes", "headers", "format"])
def test_empty_tree_fails(tree, name):
    shutil.rmtree(tree.path / "src" / "base")
    shutil.rmtree(tree.path / "tests")
    result = tree.lint(name)
    assert result.returncode == 1 and "found no file" in result.stdout


@pytest.mark.parametrize("module,line,refused", [
    ("base", '#include "model/cell.h"', "model/cell.h"),
    ("base", "#include <sqlite3.h>", "sqlite3.h"),
    ("base", "  #  include <sqlite3.h>", "sqlite3.h"),
    ("base", '#include "thing.h"', "thing.h"),
    ("model", '#include "../agg/table.h"', "../agg/table.h"),
    ("model", "#include <time.h>", "time.h"),
    ("model", "#include MODEL_HEADER", "an include must name"),
])
def test_layers_refuse(tree, module, line, refused):
    tree.write(f"src/{module}/new.c", "/* c */\n" + line + "\n")
    tree.finds("layers", f"src/{module}/new.c:2:", refused)


def test_layers_want_the_list_of_every_module(tree):
    tree.write("src/extra/x.c", "/* c */\n")
    tree.finds("layers", "src/extra/.may_include:0:", "is missing")


def test_layers_refuse_an_unknown_class(tree):
    tree.write("src/base/.may_include", "@any\n")
    tree.finds("layers", "src/base/.may_include:1:", "@any is no class")


def test_layers_refuse_a_file_outside_the_modules(tree):
    tree.write("src/loose.c", "/* c */\n")
    tree.finds("layers", "src/loose.c:0:", "belongs into")


def test_layers_look_into_tables(tree):
    tree.write("src/base/errors.def", '#include "model/cell.h"\n')
    tree.finds("layers", "src/base/errors.def:1:", "may not include")


@pytest.mark.parametrize("name,limit", [("long.c", 800), ("long.h", 250)])
def test_sizes_of_files(tree, name, limit):
    tree.write(f"src/base/{name}", "/* c */\n" * limit)
    assert tree.lint("sizes").returncode == 0
    tree.write(f"src/base/{name}", "/* c */\n" * (limit + 1))
    tree.finds("sizes", f"src/base/{name}:{limit + 1}:", f"limit is {limit}")


def test_sizes_of_functions(tree):
    tree.write("src/base/f.c", "int\nf(void)\n{\n" + "\tg();\n" * 78 + "}\n")
    assert tree.lint("sizes").returncode == 0
    tree.write("src/base/f.c", "int\nf(void)\n{\n" + "\tg();\n" * 79 + "}\n")
    tree.finds("sizes", "src/base/f.c:3:", "a function of 81 lines")


def test_sizes_count_a_tab_as_eight_columns(tree):
    tree.write("src/base/f.c", "\t/* " + "x" * 74 + "*/\n")
    assert tree.lint("sizes").returncode == 0
    tree.write("src/base/f.c", "\t/* " + "x" * 76 + "*/\n")
    tree.finds("sizes", "src/base/f.c:1:", "89 columns")


def test_sizes_of_lines_in_documents(tree):
    tree.write("HACKING", "x" * 88 + "\n")
    assert tree.lint("sizes").returncode == 0
    tree.write("HACKING", "x\n" + "x" * 89 + "\n")
    tree.finds("sizes", "HACKING:2:", "89 columns")


def test_header_that_needs_another(tree):
    tree.write("src/base/needy.h", "#ifndef N\n#define N\nsize_t n(void);\n#endif\n")
    tree.finds("headers", "src/base/needy.h:1:", "does not compile alone")


def test_header_without_a_guard(tree):
    tree.write("src/base/twice.h", "struct twice {\n\tint n;\n};\n")
    tree.finds("headers", "src/base/twice.h:1:", "does not compile alone")


@pytest.mark.parametrize("text", [
    "int f(void)\n{\n\treturn 0;\n}\n",
    "int\nf(void) {\n\treturn 0;\n}\n",
    "int\nf(void)\n{\n        return 0;\n}\n",
    "int\nf(char* p)\n{\n\treturn *p;\n}\n",
])
def test_format(tree, text):
    tree.write("src/base/bad.c", text)
    tree.finds("format", "src/base/bad.c:1:", "is not laid out")


def test_format_fails_without_the_tool(tree):
    result = tree.lint("format", CLANG_FORMAT="/nonexistent/clang-format")
    assert result.returncode == 1 and "no clang-format" in result.stdout


@pytest.mark.parametrize("name,line,message", [
    ("src/base/w.c", "/* TO" "DO: later */", "do it or leave it out"),
    ("src/base/w.h", "/* FIX" "ME */", "do it or leave it out"),
    ("README", "A HA" "CK.", "do it or leave it out"),
    ("tests/http/test_w.py", "time.sle" "ep(1)", "wait by the clock"),
    ("tests/unit/test_w.c", "\tnanosle" "ep(&ts, NULL);", "wait by the clock"),
    ("tests/bench/run.sh", "\tsle" "ep 0.1", "wait by the clock"),
    ("src/base/w.c", "int x; ", "whitespace at the end"),
    ("man/empowerd.8", ".Dd x\t", "whitespace at the end"),
])
def test_words(tree, name, line, message):
    tree.write(name, "first line\n" + line + "\n")
    tree.finds("words", f"{name}:2:", message)


@pytest.mark.parametrize("line", ["See HACKING.", 'mkstemp("/tmp/aX' 'XXXXX")'])
def test_words_that_only_look_alike(tree, line):
    tree.write("src/base/w.c", line + "\n")
    assert tree.lint("words").returncode == 0


PAGE = """.Dd November 21, 2026
.Dt EMPOWERX 8
.Os
.Sh NAME
.Nm empowerx
.Nd test page
.Sh SEE ALSO
.Xr empowery 1 ,
.Xr no_such_program 1
"""


@pytest.fixture
def manual(tree):
    tree.write("man/empowerx.8", PAGE)
    tree.write("man/empowery.1", PAGE.replace("EMPOWERX 8", "EMPOWERY 1"))
    return tree


@pytest.mark.parametrize("page,text,pages,message", [
    ("empowerx.8", PAGE, "empowerx.8 empowery.1", None),
    ("empowerx.8", PAGE, "empowery.1", "empowerx.8:1: is not installed"),
    ("empowerx.8", PAGE, "empowerx.8 empowery.1 empowerz.5", "installs empowerz.5"),
    ("empowerx.8", PAGE.replace(".Sh NAME", ".Sh NAMES"), "empowerx.8 empowery.1",
     "empowerx.8:1:"),
    ("empowerx.8", PAGE.replace("Xr empowery 1", "Xr empowery 5"),
     "empowerx.8 empowery.1", "Xr empowery 5"),
    ("empowerx.8", PAGE + ".Bd -literal\n" + "x" * 81 + "\n.Ed\n",
     "empowerx.8 empowery.1", "86 columns: xxx"),
    ("empowerx.8", PAGE + '.Bl -column "abc" "abc"\n.It Li abc Ta abcdef\n.El\n',
     "empowerx.8 empowery.1", None),
    ("empowerx.8", PAGE + '.Bl -column "abc" "abc"\n.It Li abcd Ta abc\n.El\n',
     "empowerx.8 empowery.1", "wider than its column: abcd"),
])
def test_man(manual, page, text, pages, message):
    manual.write("man/" + page, text)
    result = manual.lint("man", MAN_PAGES=pages)
    assert result.returncode == (1 if message else 0), result.stdout + result.stderr
    assert message is None or message in result.stdout


def test_man_fails_without_the_tool(manual):
    result = manual.lint("man", PATH="/nonexistent")
    assert result.returncode == 1 and "no mandoc" in result.stdout


# --- symbols

def archive(tree, **sources):
    """A libempower.a of these files; two may come of one name, as in the real one."""
    objects = []
    for name, text in sources.items():
        folder = tree.path / name
        tree.write(f"{name}/change.c", text)
        subprocess.run([*os.environ.get("CC", "cc").split(), "-c", "change.c"], cwd=folder,
                       check=True)
        objects.append(f"{name}/change.o")
    subprocess.run(["ar", "cr", "libempower.a", *objects], cwd=tree.path, check=True)


@pytest.mark.parametrize("text,verdict", [
    ("int other(void) { return 2; }", 0),
    ("static int thing(void) { return 2; } int other(void) { return thing(); }", 0),
    ("extern int thing(void); int other(void) { return thing(); }", 0),
    ("int thing(void) { return 2; }", 1),
    ("int thing = 2;", 1),
    ("int thing;", 1),
    ("const int thing = 2;", 1),
])
def test_symbols_have_one_home(tree, text, verdict):
    archive(tree, one="int thing(void) { return 1; }", two=text)
    result = tree.lint("symbols", top_builddir=str(tree.path))
    assert result.returncode == verdict, result.stdout + result.stderr
    told = "libempower.a:0: thing is defined by change.o and change.o"
    assert (told in result.stdout) == bool(verdict)


def test_symbols_want_an_archive(tree):
    assert tree.lint("symbols", top_builddir=str(tree.path)).returncode == 1
    archive(tree)
    result = tree.lint("symbols", top_builddir=str(tree.path))
    assert result.returncode == 1 and "found no file" in result.stdout


def test_suites_are_called_as_they_are_listed():
    """CK_RUN_SUITE takes the name that HACKING and suites.def have."""
    unit = os.path.join(TOP, "tests", "unit")
    with open(os.path.join(unit, "suites.def"), encoding="utf-8") as f:
        listed = re.findall(r"^SUITE\((\w+)\)", f.read(), re.M)
    called = []
    for name in os.listdir(unit):
        if name.endswith(".c"):
            with open(os.path.join(unit, name), encoding="utf-8") as f:
                called += re.findall(r'suite_create\("([^"]*)"\)', f.read())
    assert sorted(called) == sorted(listed)
