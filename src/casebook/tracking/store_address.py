"""Addresses of MLflow's store that no run can be kept at, told in one line before MLflow tries for minutes."""

from __future__ import annotations

import logging
import os
import socket
from configparser import ConfigParser
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies

from casebook.config.secrets import hide_password
from casebook.tracking.sqlite_store import StoreError

# Kinds of servers -> the port that they listen at where none is named.
PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306, "mssql": 1433}
# Kinds that name no server.
OTHER_KINDS = ("sqlite", "databricks")
# Registries of models alone.
CATALOGS = ("databricks-uc", "uc")
# Driver that SQLAlchemy imports -> the package that has it, where that is called otherwise.
DRIVER_PACKAGES = {"MySQLdb": "mysqlclient", "psycopg": "casebook[postgres]", "psycopg2": "psycopg2-binary"}
CONNECT_SECONDS = 5
HOST, TOKEN = "DATABRICKS_HOST", "DATABRICKS_TOKEN"


def refuse_unusable(uri: str) -> str:
    """Refuse an address that MLflow could not use, before it waits for minutes or ends in a traceback.

    That is one of a kind that it does not know, a folder, a server that takes no connection, a database whose driver is
    not installed, and Databricks without credentials.

    Returns:
        The same address.

    Raises:
        StoreError: names it.
    """
    parts = urlsplit(uri)
    kind = uri if uri in {*OTHER_KINDS, *CATALOGS} else parts.scheme.partition("+")[0]
    if kind in {"", "file"}:
        if os.environ.get("MLFLOW_ALLOW_FILE_STORE", "").lower() != "true":
            raise StoreError(
                f"{uri} is a folder, in which MLflow keeps no runs any more: name a file like "
                f"sqlite:///{Path.cwd() / 'mlflow.db'}, or a server, in MLFLOW_TRACKING_URI"
            )
    elif kind in PORTS:
        _refuse_dead_server(uri, kind)
        if kind not in {"http", "https"}:
            _refuse_lacking_driver(uri)
    elif kind == "databricks":
        _refuse_lacking_credentials(uri)
    elif kind in CATALOGS:
        raise StoreError(
            f"{uri} is a registry of models, in which MLflow keeps no runs: name a store of runs, like "
            "databricks or http://server:5000, in MLFLOW_TRACKING_URI"
        )
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


def _refuse_lacking_driver(uri: str) -> None:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    place = hide_password(uri)
    try:
        make_url(uri).get_dialect().import_dbapi()
    except ImportError as error:
        package = DRIVER_PACKAGES.get(str(error.name), error.name)
        raise StoreError(
            f"{place} needs a driver that is not installed ({error}): pip install '{package}', or name another store "
            "in MLFLOW_TRACKING_URI"
        ) from None
    except ArgumentError as error:
        raise StoreError(f"{place}: {error}; mend the address in MLFLOW_TRACKING_URI") from None


def _refuse_lacking_credentials(uri: str) -> None:
    lacking = _name_lacking(uri)
    if lacking and not _is_inside_databricks(uri):
        raise StoreError(
            f"{uri}: {lacking}: `databricks auth login` writes the file; or set {HOST} and {TOKEN}, or name another "
            "store in MLFLOW_TRACKING_URI"
        )


def _name_lacking(uri: str) -> str:
    """Say which variable or file lacks; nothing where there are credentials, which only the server can check."""
    file = Path(os.environ.get("DATABRICKS_CONFIG_FILE", "~/.databrickscfg")).expanduser()
    profile = urlsplit(uri).netloc or os.environ.get("DATABRICKS_CONFIG_PROFILE", "")
    profiles = ConfigParser(default_section="")
    profiles.read(file)
    if profiles.has_section(profile or "DEFAULT") or ":" in profile:
        return ""
    told = f"{file} has no profile {profile or 'DEFAULT'}" if file.is_file() else f"{file} is not there"
    if profile:
        return f"the credentials of the profile {profile} are missing, {told}"
    # A password, a client's secret and the like stand beside a host as a token does.
    given = {name for name in os.environ if name.startswith(("DATABRICKS_", "ARM_"))} - {"DATABRICKS_CONFIG_FILE"}
    if HOST in given and given != {HOST}:
        return ""
    unset = " and ".join(name for name in (HOST, TOKEN) if name not in given)
    return f"credentials are missing, {unset} {'are' if ' ' in unset else 'is'} not set and {told}"


def _is_inside_databricks(uri: str) -> bool:
    """Return whether MLflow finds credentials by itself, as in a notebook there; no server is asked."""
    if HOST in os.environ:
        return False
    from mlflow.exceptions import MlflowException
    from mlflow.utils.databricks_utils import get_databricks_host_creds

    # It warns of each way that it tries.
    logger = logging.getLogger("mlflow.utils.databricks_utils")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        get_databricks_host_creds(uri)  # type: ignore[no-untyped-call]
    except (MlflowException, ImportError, ValueError):
        return False
    finally:
        logger.setLevel(level)
    return True
