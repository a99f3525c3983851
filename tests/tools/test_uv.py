import os
import sys
from pathlib import Path

import pytest

import uv
from uv import SetUpError, advise, find_uv, run, uv_environment, works

pytestmark = pytest.mark.process


def program(file: Path, script: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(uv, "VENV", tmp_path / ".venv")
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / ".venv" / "bin"), str(tmp_path / "bin")]))
    return tmp_path / ".venv"


def test_a_uv_on_the_path_is_preferred_to_the_one_of_the_environment(tmp_path: Path, venv: Path) -> None:
    assert find_uv() is None
    mine = program(venv / "bin" / "uv", "echo uv 0.13.9")
    assert find_uv() == str(mine)
    other = program(tmp_path / "bin" / "uv", "echo uv 0.12.0 '(abc 2026-01-01)'")
    assert find_uv() == str(other)


@pytest.mark.usefixtures("venv")
@pytest.mark.parametrize("script", ["exit 127", "echo uv 0.4.30", "echo something else", "echo uv 0.13.9; exit 1"])
def test_a_uv_that_does_not_answer_or_is_too_old_is_not_used(tmp_path: Path, script: str) -> None:
    program(tmp_path / "bin" / "uv", script)
    assert find_uv() is None


def test_a_uv_for_another_machine_is_not_used(tmp_path: Path) -> None:
    broken = tmp_path / "uv"
    broken.write_bytes(b"\x7fELF nothing")
    broken.chmod(0o755)
    assert not works(str(broken))


def test_variables_that_would_lead_uv_to_another_environment_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_SYSTEM_PYTHON", "1")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://uv.example/simple")
    found = uv_environment()
    assert "UV_SYSTEM_PYTHON" not in found
    assert found["UV_DEFAULT_INDEX"] == "https://uv.example/simple"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("error: Failed to install: x.whl\n  Caused by: No space left on device (os error 28)", "the disk is full"),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "the disk is full"),
        ("  Caused by: invalid peer certificate: UnknownIssuer", "SSL_CERT_FILE"),
        ("  Caused by: HTTP status client error (401 Unauthorized) for url", "the proxy refuses access"),
        ("error: Request failed\n  Caused by: error sending request for url\n  Caused by: dns error", "HTTPS_PROXY"),
        ("NewConnectionError: Failed to establish a new connection: [Errno 111]", "UV_DEFAULT_INDEX"),
        ("error: failed to create directory: Permission denied (os error 13)", "cannot be written to"),
        ("error: something new", "see above for the reason"),
    ],
)
def test_every_known_failure_says_what_to_do(said: str, told: str) -> None:
    assert told in advise(said)


def test_what_a_command_says_is_shown_and_its_failure_explained(capfd: pytest.CaptureFixture[str]) -> None:
    script = "import sys; sys.exit('error: No space left on device')"
    with pytest.raises(SetUpError, match="the disk is full"):
        run([sys.executable, "-c", script], dict(os.environ))
    assert "error: No space left on device" in capfd.readouterr().err
    run([sys.executable, "-c", ""], dict(os.environ))
