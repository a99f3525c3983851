"""Set up .venv with the locked dependencies and their byte code; needs Python's standard library alone."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from pip_settings import base_python
from uv import PYTHON, ROOT, VENV, SetUpError, find_uv, report, run, uv_environment

LOCK = ROOT / "requirements.lock"
# Holds the project's path: a copy of the folder carries scripts that would run the original.
STAMP = VENV / ".installed"
# Tests of other packages are never imported here; they are a sixth of all code.
NOT_COMPILED = r"/site-packages/.*/tests?/"


def main() -> int:
    """Set the environment up, or bring a complete one up to date."""
    try:
        install()
    except SetUpError as error:
        return report(error)
    except OSError as error:
        return report(SetUpError(f"{error.strerror}: {error.filename}"))
    return 0


def install() -> None:
    """Set the environment up; it counts as complete only when the stamp is written, at the very end."""
    complete = STAMP.exists() and STAMP.read_text().strip() == str(ROOT) and PYTHON.exists()
    STAMP.unlink(missing_ok=True)
    if not complete:
        # A killed installation can leave packages that look whole and are not.
        remove(VENV)
    uv, environment = find_uv(), uv_environment()
    say(f"setting up {VENV} ...")
    if not PYTHON.exists():
        create(uv, environment)
    uv = uv or bootstrap_uv()
    pip_install = [uv, "pip", "install", "--quiet", "--python", str(PYTHON)]
    run([*pip_install, "--require-hashes", "--requirement", str(LOCK)], environment)
    run([*pip_install, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)], environment)
    compile_all(uv, environment)
    STAMP.write_text(f"{ROOT}\n")


def remove(venv: Path) -> None:
    """Remove an environment; of a link the link alone, since what it leads to belongs to somebody else."""
    if venv.is_symlink():
        venv.unlink()
    elif venv.exists():
        shutil.rmtree(venv)


def create(uv: str | None, environment: dict[str, str]) -> None:
    """Create an environment; by uv where there is one, since Debian's Python may come without ensurepip."""
    python = base_python()
    if uv:
        run([uv, "venv", "--quiet", "--python", python, "--no-project", str(VENV)], environment)
        return
    try:
        run([python, "-m", "venv", str(VENV)], environment)
    except SetUpError:
        remove(VENV)
        raise SetUpError(f"{python} -m venv failed: install uv, or the venv module (python3-venv on Debian)") from None


def bootstrap_uv() -> str:
    """Install the pinned uv by the pip that came with the environment."""
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    run([*command, "--requirement", str(ROOT / "requirements-uv.txt")], dict(os.environ))
    return str(VENV / "bin" / "uv")


def compile_all(uv: str, environment: dict[str, str]) -> None:
    """Write the byte code of everything but tests, even where PYTHONDONTWRITEBYTECODE keeps Python from doing so later.

    uv's own --compile-bytecode compiles anew in each environment. Here byte code lies in uv's cache too, so that the
    next environment from the same lock links it. Python itself checks that it belongs to the source (time and size).
    """
    site = next(VENV.glob("lib/python3*/site-packages"))
    cache = subprocess.run([uv, "cache", "dir"], env=environment, capture_output=True, text=True, check=True).stdout
    key = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:16]
    kept = Path(cache.strip()) / "casebook-bytecode" / key
    link_bytecode(kept, site)
    options = ["-qq", "-j", "0", "-x", NOT_COMPILED]
    # Status 1: some package brings files for another Python.
    subprocess.run([str(PYTHON), "-m", "compileall", *options, str(site), str(ROOT / "src")], check=False)
    link_bytecode(site, kept)


def link_bytecode(source: Path, target: Path) -> None:
    """Link the byte code below a folder into another one; where links cannot be made, do without."""
    try:
        for file in source.rglob("*.pyc"):
            place = target / file.relative_to(source)
            if not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                os.link(file, place)
    except OSError:
        return


def say(line: str) -> None:
    """Print what goes on, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
