"""Addresses of a cluster, from variables or from what `make cluster` wrote, and whether each can be reached."""

from __future__ import annotations

import os
import shlex
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

from casebook.config.secrets import hide_password, hide_passwords

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping
    from pathlib import Path

SCHEDULER, TRACKING = "DASK_SCHEDULER_ADDRESS", "MLFLOW_TRACKING_URI"
STORAGE, SHARED = "CASEBOOK_STUDY_STORAGE", "CASEBOOK_SHARED"
# Variable -> what its address looks like.
EXAMPLES = {
    SCHEDULER: "tcp://host:8786",
    TRACKING: "http://host:5000",
    STORAGE: "postgresql://user@host/name",
    SHARED: "s3://bucket/folder, gs://... or file:///folder",
}
# What MLflow reads beside its address.
CREDENTIALS = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")
FIRST_EXPERIMENT = "/api/2.0/mlflow/experiments/search?max_results=1"
PATIENCE_SECONDS = 5
PROBE = b"casebook"


class UnreachableError(Exception):
    """Addresses of a cluster that are missing or cannot be reached; the message names all of them."""


@dataclass(frozen=True)
class ClusterAddresses:
    """The addresses of a cluster; any of them may hold a password, and none is shown.

    Attributes:
        scheduler: Dask's.
        tracking: of the MLflow server.
        storage: of Optuna's studies.
        shared: of the store through which workers get prepared arrays.
    """

    scheduler: str = field(repr=False)
    tracking: str = field(repr=False)
    storage: str = field(repr=False)
    shared: str = field(repr=False)

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> ClusterAddresses:
        """Take them from variables; those that are missing are empty."""
        return cls(*(variables.get(name, "").strip() for name in EXAMPLES))

    def by_variable(self) -> dict[str, str]:
        """Return them by the variable that each comes from."""
        return dict(zip(EXAMPLES, (self.scheduler, self.tracking, self.storage, self.shared), strict=True))


def set_variables(file: Path) -> list[str]:
    """Set the variables that the user has not set from a file of `export NAME=value` lines, where it is there.

    Returns:
        The names of those that the user has set otherwise.
    """
    lines = file.read_text().splitlines() if file.exists() else []
    differing = []
    for words in (shlex.split(line, comments=True) for line in lines):
        name, _, value = words[-1].partition("=") if words else ("", "", "")
        if name and not os.environ.get(name):
            os.environ[name] = value
        elif name and os.environ[name] != value:
            differing.append(name)
    return differing


def move_credentials(variables: MutableMapping[str, str]) -> None:
    """Move user and password from the MLflow server's address to MLflow's own variables: it prints the address."""
    parts = urlsplit(variables.get(TRACKING, ""))
    if parts.username and parts.password:
        place = parts.netloc.rpartition("@")[2]
        variables[TRACKING] = urlunsplit((parts.scheme, place, parts.path, parts.query, parts.fragment))
        variables.update(zip(CREDENTIALS, map(unquote, (parts.username, parts.password)), strict=False))


def check_addresses(addresses: ClusterAddresses) -> None:
    """Check that everything is there, all at once.

    Raises:
        UnreachableError: names each address that is missing or cannot be reached, without its password.
    """
    given = addresses.by_variable()
    checks: dict[str, Callable[[str], None]] = {
        SCHEDULER: _ask_scheduler, TRACKING: _ask_mlflow, STORAGE: _ask_postgresql, SHARED: _ask_shared
    }  # fmt: skip
    with ThreadPoolExecutor(len(checks)) as pool:
        faults = list(pool.map(lambda name: _find_fault(name, given[name], checks[name]), checks))
    told = [fault for fault in faults if fault]
    if told:
        raise UnreachableError("\n".join(told))


def _find_fault(name: str, address: str, check: Callable[[str], None]) -> str:
    """Say what is wrong with an address; nothing where it can be reached."""
    if not address:
        return f"{name} is not set: give an address like {EXAMPLES[name]}, or begin with `casebook cluster up`"
    try:
        check(address)
    except Exception as error:  # noqa: BLE001 - each library has errors of its own
        lines = _without_secret(str(error) or type(error).__name__, address).splitlines()
        return f"{name} {hide_password(address)} cannot be used: {lines[0].strip()}"
    return ""


def _without_secret(text: str, address: str) -> str:
    """Take an address's password out of an error, where a library has cut the address in pieces."""
    before_host = address.partition("://")[2].rpartition("@")[0]
    password = before_host.partition(":")[2]
    parts = sorted({password, *password.split("@")} - {""}, key=len, reverse=True)
    for part in parts:
        text = text.replace(part, "***")
    return hide_passwords(text)


def _refuse_scheme(address: str, accepted: tuple[str, ...], why: str) -> None:
    if address.partition("://")[0] not in accepted:
        raise ValueError(f"{why}; it begins with {' or '.join(f'{each}://' for each in accepted)}")


def _ask_scheduler(address: str) -> None:
    from distributed import Client

    _refuse_scheme(address, ("tcp", "tls"), "it is no address of a Dask scheduler")
    Client(address, timeout=PATIENCE_SECONDS, set_as_default=False).close()


def _ask_mlflow(address: str) -> None:
    from urllib.request import urlopen

    _refuse_scheme(address, ("http", "https"), "workers on other machines reach a server alone")
    parts = urlsplit(address)
    place = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))
    with urlopen(f"{place}/health", timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 - http or https, see above
        if answer.read(2) != b"OK":
            raise ValueError("what answers there is no MLflow server")
    _show_credentials(place)


def _show_credentials(place: str) -> None:
    """Ask an MLflow server for what it keeps behind its password: whether it is there, it tells anybody.

    Raises:
        ValueError: it refuses user and password, or the token.
    """
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    credentials = get_default_host_creds(place)  # type: ignore[no-untyped-call]
    answer = http_request(  # type: ignore[no-untyped-call]
        credentials, FIRST_EXPERIMENT, "GET", max_retries=0, timeout=PATIENCE_SECONDS
    )
    if answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise ValueError(f"it refuses {' and '.join(CREDENTIALS[:2])}, or {CREDENTIALS[2]} ({answer.status_code})")


def _ask_postgresql(address: str) -> None:
    import psycopg

    scheme, separator, rest = address.partition("://")
    _refuse_scheme(
        f"{scheme.partition('+')[0]}://", ("postgresql", "postgres"), "a cluster's studies are in PostgreSQL"
    )
    with psycopg.connect(f"postgresql{separator}{rest}", connect_timeout=PATIENCE_SECONDS) as connection:
        connection.execute("SELECT 1")


def _ask_shared(address: str) -> None:
    from casebook.cluster.shared_store import SharedStore

    scheme, _, path = address.rpartition("://")
    if scheme in {"", "file", "local"} and not path.startswith("/"):
        raise ValueError("it leads elsewhere on each machine: give file:///folder with the whole path")
    SharedStore(address).probe(PROBE)
