"""Translate pip's configuration into the environment variables of uv, which reads none of pip's."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# The sections that hold for `pip install`; a later one wins.
SECTIONS = ("global", "install", ":env:")
# What requests, inside pip, reads beside pip's own `cert`.
CERTIFICATE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
# `constraint` has no counterpart on purpose: the lock pins every release by its hash.
SAME_VALUE = {
    "index-url": "UV_DEFAULT_INDEX",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "timeout": "UV_HTTP_TIMEOUT",
    "keyring-provider": "UV_KEYRING_PROVIDER",
}


def translated_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with pip's configuration in uv's variables; what is set already stays."""
    return {**translate(read_pip_settings(environment), environment), **environment}


def read_pip_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Read pip's configuration files and variables; the variables alone where there is no pip to ask."""
    command = [base_python(), "-m", "pip", "config", "list", "--disable-pip-version-check"]
    listed = subprocess.run(command, capture_output=True, text=True, env=dict(environment), check=False)
    if listed.returncode == 0:
        return parse_settings(listed.stdout.splitlines())
    return {name[4:].lower().replace("_", "-"): value for name, value in environment.items() if name[:4] == "PIP_"}


def base_python() -> str:
    """Return the Python outside any virtual environment, which may be the one about to be replaced."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)


def parse_settings(lines: Iterable[str]) -> dict[str, str]:
    """Parse what `pip config list` prints, such as `global.index-url='https://...'`."""
    found: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for line in lines:
        key, separator, value = line.partition("=")
        section, _, name = key.rpartition(".")
        if separator and section in found:
            found[section][name] = str(ast.literal_eval(value))
    return {name: value for section in SECTIONS for name, value in found[section].items() if value}


def translate(settings: Mapping[str, str], environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Translate pip's settings, by their long names, to variables that uv reads."""
    variables = {variable: settings[name] for name, variable in SAME_VALUE.items() if name in settings}
    certificates = next((environment[name] for name in CERTIFICATE_VARIABLES if environment.get(name)), None)
    if certificates:
        variables.setdefault("SSL_CERT_FILE", certificates)
    extra = _existing(settings.get("extra-index-url", ""))
    if extra:
        # pip takes the best of all indexes; uv would stop at the first that knows the name. Hashes keep it safe.
        variables |= {"UV_INDEX": " ".join(extra), "UV_INDEX_STRATEGY": "unsafe-best-match"}
    if links := _existing(settings.get("find-links", "")):
        variables["UV_FIND_LINKS"] = ",".join(links)
    if hosts := settings.get("trusted-host", "").split():
        variables["UV_INSECURE_HOST"] = " ".join(hosts)
    if proxy := settings.get("proxy"):
        address = proxy if "://" in proxy else f"http://{proxy}"
        variables |= {"HTTPS_PROXY": address, "HTTP_PROXY": address}
    if "truststore" in settings.get("use-feature", "").split():
        variables["UV_SYSTEM_CERTS"] = "1"
    return variables


def _existing(addresses: str) -> list[str]:
    """Leave out folders that are not there, which pip only warns of."""
    return [address for address in addresses.split() if _is_remote(address) or _folder(address).exists()]


def _is_remote(address: str) -> bool:
    return urlsplit(address).scheme not in {"", "file"}


def _folder(address: str) -> Path:
    return Path(unquote(address.removeprefix("file://"))).expanduser()
