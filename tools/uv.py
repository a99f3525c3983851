"""Run uv with what pip is configured with on this machine: `python tools/uv.py pip compile ...`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from pip_settings import translated_environment

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
# Older ones know neither UV_DEFAULT_INDEX nor UV_INDEX.
OLDEST = (0, 5)
DISK = "the disk is full. Make room (5 GB are enough) and run make again; it goes on"
CERTIFICATE = "the package index's certificate is not trusted. Name the file of the right certificates in SSL_CERT_FILE"
ACCESS = (
    "the package index or the proxy refuses access. Put the credentials into UV_DEFAULT_INDEX (or pip's index-url) or "
    "HTTPS_PROXY, or set UV_KEYRING_PROVIDER=subprocess"
)
NETWORK = (
    "the package index cannot be reached. Check the network; behind a proxy set HTTPS_PROXY, for an index of your own "
    "UV_DEFAULT_INDEX (or pip's index-url), for its certificates SSL_CERT_FILE"
)
# What uv and pip say, and what to do about it; the first that fits.
ADVICE = {
    r"No space left|os error 28|[Dd]isk quota": DISK,
    r"[Cc]ertificate|CERTIFICATE_VERIFY": CERTIFICATE,
    r"\b40[137] |Unauthorized|Forbidden|Proxy Auth": ACCESS,
    r"error sending request|dns error|onnect|timed out|timeout|unreachable|resolution": NETWORK,
    r"Permission denied|os error 13|Read-only": "a folder cannot be written to; see above which",
}


class SetUpError(Exception):
    """Setting up failed; the message says what to do."""


def main() -> int:
    """Run uv with the arguments of the command line."""
    try:
        run([find_uv() or sys.exit("no uv yet: run make install"), *sys.argv[1:]], uv_environment())
    except SetUpError as error:
        return report(error)
    return 0


def find_uv() -> str | None:
    """Return the uv that is on the PATH and works, else the one that an earlier set-up brought."""
    mine = VENV / "bin"
    others = [folder for folder in os.get_exec_path() if Path(folder).resolve() != mine.resolve()]
    for path in (os.pathsep.join(others), str(mine)):
        uv = shutil.which("uv", path=path)
        if uv and works(uv):
            return uv
    return None


def works(uv: str) -> bool:
    """Tell whether a uv answers and is new enough; a shim of pyenv's may be there without one behind it."""
    try:
        answer = subprocess.run([uv, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return False
    version = re.search(r"uv (\d+)\.(\d+)", answer.stdout)
    return answer.returncode == 0 and version is not None and tuple(map(int, version.groups())) >= OLDEST


def uv_environment() -> dict[str, str]:
    """Return the variables that uv runs with, none of which leads it away from the project's environment."""
    environment = translated_environment(os.environ)
    return {name: value for name, value in environment.items() if name not in {"UV_SYSTEM_PYTHON", "UV_REQUIRE_HASHES"}}


def run(command: list[str], environment: dict[str, str]) -> None:
    """Run a command to its end, its errors shown as they come.

    Raises:
        SetUpError: it failed; says what to do.
    """
    with subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None  # noqa: S101 - it was asked for
        said = []
        for line in process.stderr:
            sys.stderr.write(line)
            said.append(line)
    if process.returncode:
        raise SetUpError(advise("".join(said)))


def advise(output: str) -> str:
    """Return what to do about the errors of uv or pip."""
    fitting = (advice for pattern, advice in ADVICE.items() if re.search(pattern, output))
    return next(fitting, "see above for the reason; run make again to go on")


def report(error: Exception) -> int:
    """Print in one line why setting up failed, and return the exit status."""
    sys.stderr.write(f"casebook cannot be set up: {error}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
