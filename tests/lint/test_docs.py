"""The check of the manual: it passes on a small tree, and finds what either side lacks."""
import os
import stat
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))

FILES = {
    "src/daemon/config.def": 'CONFIG(state_dir, TEXT, "/var/lib/x", 1, 4096,\n\t"Doc.")\n',
    "src/api/routes.def": 'ROUTE(GET, "/healthz", OPEN, 0, healthz_get, "Whether")\n',
    "src/api/metrics.def": 'METRIC(API, posts, "posts_total", counter, "Posts.")\n'
                           'OUTSIDE(up, "uptime", gauge, "Time.")\n',
    "src/base/errors.def": 'ERR(OK, "ok", 200, "None")\nERR(GONE, "gone-by", 410, "Gone")\n',
    "src/model/catalogue.def": 'TYPE(A, "a.happened", 1, CUSTOMER, INGEST)\n',
    "src/codec/ingest_fields.def": 'ENVELOPE(1, ID, "id")\n'
                                   'FIELD(2, UNIT, "unit", UNIT, dim, ALL, 0)\n',
    "src/model/query.c": 'parameters[] = {\n\t{"depth", 1, set_depth, 0},\n};\n',
    "src/privacy/x.c": '\t{"csat", pub_get_figure, 0},\n',
    "schema/main/0001_x.sql": "CREATE TABLE event (a);\nCREATE VIEW v_event AS SELECT 1;\n",
    "man/empowerd.conf.5": ".It Cm state_dir\nDoc.\nDefault: /var/lib/x.\n.El\n",
    "man/empowerd-api.7": ".It Ic GET /healthz\n.It Li gone-by Ta 410 Ta Gone\n"
                          ".Li a.happened\n.Li id , unit , depth , csat\n"
                          ".It Li posts_total\nPosts.\n.It Li uptime\nTime.\n",
    "man/empowerd-schema.7": ".It Sy event , v_event\n",
    "man/empowerd.8": ".It Fl t , Fl -test\n",
    "src/model/release.h": "#define RELEASE_K 5 /* k */\n#define RELEASE_K_MIN 3\n"
                           "#define RELEASE_K_MAX 99\n#define RELEASE_OUTSIDE 2\n"
                           "#define RELEASE_K_UNVERIFIED 10\n"
                           "#define RELEASE_K_COMMENTS 11\n",
    "src/privacy/rollup_impl.h": "#define K_ANONYMITY 6\n#define K_DELICATE 12\n",
    "src/model/lifecycle.h": "#define CASE_UNIT_PEOPLE_MIN 13\n",
    "src/store/release_when.c": "#define DAYS_OPEN 1\n",
    "man/empowerd-privacy.7": "".join(f".It {n} Ta people\n" for n in (
        5, 3, 99, 2, 10, 11, 6, 12, 13, 1, 1)),
    "man/empowerctl.1": ".It Fl -json\n.Ss import Ar FILE\n.It Fl -again\n",
}
DAEMON = "#!/bin/sh\necho '  -t, --test  check'\n"
TOOL = """#!/bin/sh
[ "$1" = help ] && echo '      --again  import again' && exit
printf 'Commands:\\n  import  send\\n\\nOptions:\\n      --json  print JSON\\n'
"""


class Tree:
    def __init__(self, path):
        self.path = path
        for name, content in FILES.items():
            self.write(name, content)
        for name, content in (("empowerd", DAEMON), ("empowerctl", TOOL)):
            self.write(name, content)
            os.chmod(path / name, stat.S_IRWXU)

    def write(self, name, content):
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")

    def run(self):
        return subprocess.run(
            [sys.executable, os.path.join(HERE, "docs.py"), str(self.path)], text=True,
            capture_output=True,
            env={**os.environ, "EMPOWERD": str(self.path / "empowerd"),
                 "EMPOWERCTL": str(self.path / "empowerctl")})


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


def test_complete_tree_passes(tree):
    result = tree.run()
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("name,old,new,finding", [
    ("src/daemon/config.def", "state_dir", "data_dir", "does not describe the key data_dir"),
    ("src/daemon/config.def", "/var/lib/x", "/srv", "tells another default of state_dir"),
    ("man/empowerd.conf.5", ".El", ".It Cm lost\n.El", "the key lost, which is not there"),
    ("src/api/routes.def", "/healthz", "/alive", "does not describe the route GET /alive"),
    ("src/api/routes.def", "GET", "PUT", "the route GET /healthz, which is not there"),
    ("src/api/metrics.def", "uptime", "age", "does not describe the metric age"),
    ("src/base/errors.def", "gone-by", "lost", "does not list the problem lost (410)"),
    ("src/base/errors.def", "410", "404", "does not list the problem gone-by (404)"),
    ("src/model/catalogue.def", "a.happened", "b.happened", "the event type b.happened"),
    ("src/codec/ingest_fields.def", '"unit"', '"branch"', "the field branch"),
    ("src/model/query.c", '"depth"', '"width"', "the parameter width"),
    ("src/privacy/x.c", '"csat"', '"nps"', "the figure nps"),
    ("schema/main/0001_x.sql", "TABLE event", "TABLE thing", "the table or view thing"),
    ("man/empowerd-schema.7", "v_event", "v_lost", "view v_lost, which is not there"),
    ("src/model/release.h", "RELEASE_K 5", "RELEASE_K 4", "5 people; RELEASE_K is 4"),
    ("src/store/release_when.c", "DAYS_OPEN 1", "DAYS_OPEN 2", "1 people; DAYS_OPEN is 2"),
    ("src/model/lifecycle.h", "CASE_UNIT", "UNIT", "CASE_UNIT_PEOPLE_MIN is not there"),
    ("man/empowerd-privacy.7", ".It 12 Ta people\n", "", "10 numbers instead of 11"),
    ("empowerd", "--test", "--probe", "does not describe the option --probe"),
    ("empowerd", "-t,", "-p,", "does not describe the option -p"),
    ("empowerctl", "--again", "--anew", "does not describe the option --anew"),
    ("empowerctl", "  import  send", "  export  send", "the command export"),
    ("man/empowerctl.1", "Fl -json", "Fl -xml", "the option xml, which is not there"),
])
def test_what_one_side_lacks_is_found(tree, name, old, new, finding):
    file = tree.path / name
    content = file.read_text(encoding="utf-8")
    assert old in content
    file.write_text(content.replace(old, new), encoding="utf-8")
    result = tree.run()
    assert result.returncode == 1 and finding in result.stdout, result.stdout


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_missing_file_is_a_finding(tree, name):
    os.remove(tree.path / name)
    assert tree.run().returncode == 1


def test_a_program_that_does_not_run_is_a_finding(tree):
    os.remove(tree.path / "empowerctl")
    result = tree.run()
    assert result.returncode == 1 and "cannot be run" in result.stdout
