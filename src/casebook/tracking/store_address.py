"""Addresses of MLflow's store that no run can be kept at, told in one line before MLflow tries for minutes."""

from __future__ import annotations

import os
import socket
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies

from casebook.config.secrets import hide_password
from casebook.tracking.sqlite_store import StoreError

# Kinds of servers -> the port that they listen at where none is named.
PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306, "mssql": 1433}
# Kinds that name no server.
OTHER_KINDS = ("sqlite", "databricks", "databricks-uc", "uc")
CONNECT_SECONDS = 5


def refuse_unusable(uri: str) -> str:
    """Refuse an address of a kind that MLflow does not know, a folder, and a server that takes no connection.

    Returns:
        The same address.

    Raises:
        StoreError: names it.
    """
    parts = urlsplit(uri)
    kind = uri if uri in OTHER_KINDS else parts.scheme.partition("+")[0]
    if kind in {"", "file"}:
        if os.environ.get("MLFLOW_ALLOW_FILE_STORE", "").lower() != "true":
            raise StoreError(
                f"{uri} is a folder, in which MLflow keeps no runs any more: name a file like "
                f"sqlite:///{Path.cwd() / 'mlflow.db'}, or a server, in MLFLOW_TRACKING_URI"
            )
    elif kind in PORTS:
        _refuse_dead_server(uri, kind)
    elif kind not in {*OTHER_KINDS, *(plugin.name for plugin in entry_points(group="mlflow.tracking_store"))}:
        raise StoreError(
            f"{uri}: MLflow knows no store of the kind {kind}: name one like sqlite:///mlflow.db, "
            "http://server:5000 or postgresql://server/name in MLFLOW_TRACKING_URI"
        )
    return uri


def _refuse_dead_server(uri: str, kind: str) -> None:
    parts = urlsplit(uri)
    try:
        port = parts.port or PORTS[kind]
    except ValueError as error:
        raise StoreError(f"{hide_password(uri)}: {error}; mend the address in MLFLOW_TRACKING_URI") from None
    if not parts.hostname or (kind in {"http", "https"} and getproxies()):
        return
    try:
        socket.create_connection((parts.hostname, port), CONNECT_SECONDS).close()
    except TimeoutError:
        # It may be slow, and is asked again.
        return
    except OSError as error:
        raise StoreError(
            f"the MLflow server {hide_password(uri)} cannot be reached ({error.strerror or error}): start it, or name "
            "another store in MLFLOW_TRACKING_URI"
        ) from None
