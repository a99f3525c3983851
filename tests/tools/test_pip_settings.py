import sys
from pathlib import Path

import pytest

from pip_settings import parse_settings, read_pip_settings, translate, translated_environment


def configured(tmp_path: Path, text: str, **variables: str) -> dict[str, str]:
    """Return an environment whose only pip configuration is the given file."""
    file = tmp_path / "pip.conf"
    file.write_text(text)
    return {"PIP_CONFIG_FILE": str(file), "HOME": str(tmp_path), "XDG_CONFIG_DIRS": str(tmp_path), **variables}


def test_index_certificate_proxy_and_timeout_are_handed_on_under_uvs_names() -> None:
    settings = {
        "index-url": "https://user:secret@pip.example/simple",
        "cert": "/etc/own.pem",
        "client-cert": "/etc/mine.pem",
        "proxy": "proxy.example:3128",
        "default-timeout": "180",
        "trusted-host": "a.example\nb.example:8080",
        "use-feature": "truststore",
    }
    assert translate(settings, {}) == {
        "UV_DEFAULT_INDEX": "https://user:secret@pip.example/simple",
        "SSL_CERT_FILE": "/etc/own.pem",
        "SSL_CLIENT_CERT": "/etc/mine.pem",
        "HTTPS_PROXY": "http://proxy.example:3128",
        "HTTP_PROXY": "http://proxy.example:3128",
        "UV_HTTP_TIMEOUT": "180",
        "UV_INSECURE_HOST": "a.example b.example:8080",
        "UV_SYSTEM_CERTS": "1",
    }


def test_a_proxy_that_names_its_scheme_keeps_it() -> None:
    assert translate({"proxy": "socks5://proxy.example"}, {})["HTTPS_PROXY"] == "socks5://proxy.example"


def test_further_indexes_are_all_asked_as_pip_does_but_folders_that_are_not_there_are_left_out(tmp_path: Path) -> None:
    there = tmp_path / "with space"
    there.mkdir()
    addresses = f"https://more.example/simple\n{there.as_uri()} file://{tmp_path}/missing"
    assert translate({"extra-index-url": addresses}, {}) == {
        "UV_INDEX": f"https://more.example/simple {there.as_uri()}",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    assert translate({"find-links": f"{tmp_path} {tmp_path}/missing https://w.example"}, {}) == {
        "UV_FIND_LINKS": f"{tmp_path},https://w.example"
    }


def test_settings_without_a_counterpart_change_nothing() -> None:
    assert translate({"constraint": "/etc/constraints.txt", "disable-pip-version-check": "1"}, {}) == {}


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_certificates_that_pip_takes_from_requests_count_unless_it_has_its_own(name: str) -> None:
    assert translate({}, {name: "/etc/all.pem"}) == {"SSL_CERT_FILE": "/etc/all.pem"}
    assert translate({"cert": "/etc/own.pem"}, {name: "/etc/all.pem"}) == {"SSL_CERT_FILE": "/etc/own.pem"}


def test_a_variable_wins_over_the_section_install_and_that_over_global() -> None:
    lines = [":env:.cert='/env.pem'", "global.cert='/global.pem'", "global.proxy='g:1'", "install.proxy='i:1'"]
    assert parse_settings([*lines, "download.proxy='d:1'", "", "WARNING: x"]) == {"cert": "/env.pem", "proxy": "i:1"}
    assert parse_settings(["global.index-url=''"]) == {}


@pytest.mark.process
def test_pips_own_files_are_read_by_pip(tmp_path: Path) -> None:
    environment = configured(tmp_path, "[global]\nindex-url = https://pip.example/simple\n", PIP_CERT="/own.pem")
    found = read_pip_settings(environment)
    assert (found["index-url"], found["cert"]) == ("https://pip.example/simple", "/own.pem")


@pytest.mark.process
def test_without_pip_its_variables_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = tmp_path / "python"
    silent.write_text("#!/bin/sh\nexit 1\n")
    silent.chmod(0o755)
    monkeypatch.setattr(sys, "_base_executable", str(silent))
    assert read_pip_settings({"PIP_INDEX_URL": "https://pip.example", "HOME": "/"}) == {
        "index-url": "https://pip.example"
    }


@pytest.mark.process
def test_what_uv_was_told_already_stays_even_when_empty(tmp_path: Path) -> None:
    text = f"[global]\nindex-url = https://pip.example/simple\nextra-index-url = {tmp_path.as_uri()}\n"
    environment = configured(tmp_path, text, UV_DEFAULT_INDEX="https://uv.example/simple", UV_INDEX="")
    found = translated_environment(environment)
    assert (found["UV_DEFAULT_INDEX"], found["UV_INDEX"]) == ("https://uv.example/simple", "")
