"""contrib/dev run, as a newcomer meets it. What it would install or build is there."""
import os
import socket
import stat
import subprocess

import pytest

from harness import BUILD, HERE, TIMEOUT

DEV = os.path.join(HERE, "..", "contrib", "dev")


def write(path, text, mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


@pytest.fixture
def clone(tmp_path):
    """A tree with the script, in which every package is there and the build is done."""
    top = tmp_path / "clone"
    with open(DEV, encoding="utf-8") as f:
        write(top / "contrib" / "dev", f.read(), stat.S_IRWXU)
    write(top / "configure", "")
    write(top / "build" / "Makefile", "")
    write(top / "build" / "configured", f"{top} \n")
    for name, variable in (("empowerd", "EMPOWERD"), ("empowerctl", "EMPOWERCTL")):
        program = os.environ.get(variable, os.path.join(BUILD, name))
        (top / "build" / name).symlink_to(os.path.abspath(program))
    write(tmp_path / "bin" / "make", "#!/bin/sh\n", stat.S_IRWXU)
    write(tmp_path / "bin" / "dpkg-query",
          "#!/bin/sh\nfor p; do echo \"$p installed\"; done\n", stat.S_IRWXU)
    return top


def start(clone, listen):
    env = {k: v for k, v in os.environ.items() if not k.startswith("EMPOWER")}
    env["PATH"] = f"{clone.parent / 'bin'}:{env['PATH']}"
    return subprocess.Popen(["contrib/dev", "run"], cwd=clone, text=True,
                            env={**env, "EMPOWERD_LISTEN": listen},
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def until_it_runs(clone):
    """What `run` says until it is there; then it is stopped."""
    with start(clone, "127.0.0.1:0") as run:
        said = []
        for line in run.stdout:
            said.append(line)
            if line.startswith("README goes on from here"):
                break
        run.terminate()
        said += run.stdout
        assert run.wait(TIMEOUT) == 0, said
    return "".join(said)


def test_sample_data_is_there_also_after_a_port_was_taken(clone):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with start(clone, "127.0.0.1:%d" % taken.getsockname()[1]) as run:
            said = run.communicate(timeout=TIMEOUT)[0]
        assert run.returncode == 1 and "EMPOWERD_LISTEN=127.0.0.1:0 contrib/dev run" in said
    first = until_it_runs(clone)
    assert "Synthetic sample data: " in first and " with synthetic sample data." in first
    # What is there then is somebody's own.
    second = until_it_runs(clone)
    assert "Synthetic" not in second and " with the data in build/state." in second
