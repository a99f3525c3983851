import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import install
from install import compile_all, link_bytecode, remove

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder with what setting up reads, and a `uv` that makes an environment of nothing."""
    folder = tmp_path / "a project"
    folder.mkdir()
    for name in ("Makefile", "tools"):
        link = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        link(ROOT / name, folder / name)
    for name in ("requirements.lock", "requirements-uv.txt", "pyproject.toml"):
        (folder / name).write_text("")
    (folder / "src").mkdir()
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text(FAKE_UV.format(log=tmp_path / "log", cache=tmp_path / "cache", python=sys.executable))
    uv.chmod(0o755)
    return folder


FAKE_UV = """#!/bin/sh
case "$1" in
--version) echo uv 0.13.9 ;;
cache) echo '{cache}' ;;
venv)
    for last; do :; done
    mkdir -p "$last/bin" "$last/lib/python3.11/site-packages" && ln -s '{python}' "$last/bin/python"
    echo venv >> '{log}' ;;
pip)
    if [ -n "$FULL" ]; then echo 'error: No space left on device (os error 28)' >&2; exit 2; fi ;;
esac
"""


def make(project: Path, target: str = "install", **variables: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(project.parent / "bin"), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHON": sys.executable, **variables}
    # A job server of a make around the tests is none of ours.
    environment.pop("MAKEFLAGS", None)
    return subprocess.run(["make", target], cwd=project, env=environment, capture_output=True, text=True, check=False)


def created(project: Path) -> int:
    """Count the environments that were made."""
    return (project.parent / "log").read_text().count("venv")


def test_a_complete_environment_is_left_alone(project: Path) -> None:
    assert make(project).returncode == 0
    assert (project / ".venv" / ".installed").read_text() == f"{project}\n"
    assert make(project).returncode == 0
    assert created(project) == 1


def test_a_moved_project_is_set_up_anew(project: Path) -> None:
    make(project)
    moved = project.rename(project.with_name("moved"))
    assert make(moved).returncode == 0
    assert (created(moved), (moved / ".venv" / ".installed").read_text()) == (2, f"{moved}\n")


def test_an_environment_whose_python_is_gone_is_set_up_anew(project: Path) -> None:
    make(project)
    (project / ".venv" / "bin" / "python").unlink()
    assert make(project).returncode == 0
    assert created(project) == 2


def test_a_changed_lock_brings_the_same_environment_up_to_date(project: Path) -> None:
    make(project)
    os.utime(project / ".venv" / ".installed", (1, 1))
    assert make(project).returncode == 0
    assert created(project) == 1


def test_a_full_disk_is_named_and_the_next_make_starts_from_an_empty_environment(project: Path) -> None:
    failed = make(project, FULL="1")
    assert failed.returncode != 0
    assert "casebook cannot be set up: the disk is full" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert make(project).returncode == 0
    assert created(project) == 2


def test_a_folder_that_cannot_be_written_to_is_named_without_a_stack_trace(project: Path) -> None:
    (project / ".venv").write_text("a file in the way\n")
    failed = make(project)
    assert failed.returncode != 0
    assert f"error: [Errno 20] Not a directory: '{project}/.venv/.installed'" in failed.stderr
    assert "casebook cannot be set up: see above" in failed.stderr
    assert "Traceback" not in failed.stderr


@pytest.mark.parametrize("python", ["", "/nowhere/python3.12", "/bin/false"])
def test_without_a_python_that_works_one_line_says_so(project: Path, python: str) -> None:
    failed = make(project, PYTHON=python)
    assert failed.returncode != 0
    assert f"casebook needs Python 3.11, 3.12 or 3.13, and {python or 'none of them'} was found" in failed.stdout
    assert "make install PYTHON=/path/to/python3.12" in failed.stdout


def test_a_linked_environment_is_unlinked_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    theirs, link = tmp_path / "theirs", tmp_path / ".venv"
    theirs.mkdir()
    link.symlink_to(theirs)
    remove(link)
    assert theirs.exists()
    assert not link.is_symlink()


def test_byte_code_is_written_whatever_python_was_told_but_not_of_tests(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    make(project)
    site = project / ".venv" / "lib" / "python3.11" / "site-packages"
    (site / "package" / "tests").mkdir(parents=True)
    for file in ("package/module.py", "package/tests/test_module.py"):
        (site / file).write_text("x = 1\n")
    for name, value in {"VENV": project / ".venv", "ROOT": project, "LOCK": project / "requirements.lock"}.items():
        monkeypatch.setattr(install, name, value)
    monkeypatch.setattr(install, "PYTHON", Path(sys.executable))
    compile_all(str(project.parent / "bin" / "uv"), dict(os.environ))
    written = {file.name.split(".")[0] for file in site.rglob("*.pyc")}
    assert written == {"module"}
    kept = {file.name.split(".")[0] for file in (project.parent / "cache").rglob("*.pyc")}
    assert kept == {"module"}


def test_byte_code_is_linked_and_what_is_there_already_stays(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    for folder, text in ((source, "new"), (target, "old")):
        (folder / "a" / "__pycache__").mkdir(parents=True)
        (folder / "a" / "__pycache__" / "x.pyc").write_text(text)
    (source / "a" / "__pycache__" / "y.pyc").write_text("y")
    link_bytecode(source, target)
    assert (target / "a" / "__pycache__" / "x.pyc").read_text() == "old"
    assert (target / "a" / "__pycache__" / "y.pyc").samefile(source / "a" / "__pycache__" / "y.pyc")
