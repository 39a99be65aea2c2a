"""The lint of texts: it passes on the tree as it is, and finds each thing it forbids."""
import json
import os
import shutil
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))


class Tree:
    def __init__(self, path):
        self.path = path
        for folder in "i18n", os.path.join("src", "web"):
            shutil.copytree(os.path.join(TOP, folder), path / folder)

    def change(self, name, old, new):
        file = self.path / name
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def texts(self, language, change):
        file = self.path / "i18n" / (language + ".json")
        texts = json.loads(file.read_text(encoding="utf-8"))
        change(texts)
        file.write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")

    def lint(self):
        result = subprocess.run([sys.executable, os.path.join(HERE, "texts.py"),
                                 str(self.path)], text=True, capture_output=True)
        return result.returncode, result.stdout + result.stderr

    def built(self):
        """What the build says: nothing where it works."""
        web = self.path / "src" / "web"
        result = subprocess.run([sys.executable, web / "texts.py", web / "texts.def"] +
                                sorted((self.path / "i18n").iterdir()),
                                text=True, capture_output=True)
        return result.returncode, result.stderr


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path / "tree")


def test_the_tree_is_clean(tree):
    assert tree.lint()[0] == 0, tree.lint()
    assert tree.built() == (0, "")


@pytest.mark.parametrize("change, message, builds", [
    (lambda t: t.pop("employee.groups"), "lacks employee.groups", False),
    (lambda t: t.update(more="x"), "has more, which is not in", False),
    (lambda t: t.update({"employee.groups": "Nada"}), "other places to fill", False),
    (lambda t: t.update({"employee.single": "Una {x}"}), "other places to fill", False),
    (lambda t: t.update({"employee.single": "De 5 personas"}), "a number of its own", True),
    (lambda t: t.update({"employee.single": "Dos  espacios"}), "stray spaces", True),
    (lambda t: t.update({"employee.single": ""}), "is empty", True),
    (lambda t: t.update({"title.general": t.pop("title.general")}), "order", True),
])
def test_what_one_language_lacks(tree, change, message, builds):
    tree.texts("es", change)
    status, said = tree.lint()
    assert status == 1 and "i18n/es.json" in said and message in said, said
    assert (tree.built()[0] == 0) == builds


def test_a_text_that_is_not_translated(tree):
    english = json.loads((tree.path / "i18n" / "en.json").read_text(encoding="utf-8"))
    tree.texts("pl", lambda t: t.update({"title.survey": english["title.survey"]}))
    assert "title.survey is not translated" in tree.lint()[1]


def test_a_text_that_nobody_shows(tree):
    tree.change("src/web/notice.c", "TEXT_GENERAL_RANKING,", "")
    assert "TEXT_GENERAL_RANKING is used nowhere" in tree.lint()[1]


def test_a_language_that_is_missing_or_too_much(tree):
    (tree.path / "i18n" / "pl.json").rename(tree.path / "i18n" / "de.json")
    said = tree.lint()[1]
    assert "i18n/pl.json:0: is missing" in said and "i18n/de.json:0: is a language" in said
