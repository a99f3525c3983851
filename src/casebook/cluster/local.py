"""A whole cluster on this machine: PostgreSQL, an MLflow server on it, a Dask scheduler and workers."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from casebook.cluster import addresses
from casebook.cluster.postgresql import USER, NoServerError, PostgresqlServer, can_reach
from casebook.cluster.services import Service, Services
from casebook.runtime.atomic_files import atomic_write
from casebook.runtime.ports import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STUDIES, RUNS = "studies", "mlflow"
POSTGRESQL, MLFLOW, DASK, WORKERS = "postgresql", "mlflow", "scheduler", "workers"
PASSWORDS = "PGPASSFILE"
PATIENCE_SECONDS, POLL_SECONDS = 90.0, 0.2
# Owner alone.
PRIVATE = 0o600
# Of the machine's memory, what all workers together may take before Dask restarts one.
MEMORY_SHARE = 0.6
NO_JOBS = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


class ClusterError(RuntimeError):
    """A service of the cluster does not come up; the message quotes what it said."""


@dataclass(frozen=True)
class LocalCluster:
    """The cluster of a project's folder.

    Attributes:
        folder: for data, logs, addresses and passwords of all services.
    """

    folder: Path

    @property
    def variables_file(self) -> Path:
        """The file of the addresses, which a shell reads too."""
        return self.folder / "cluster.env"

    def up(self, workers: int, say: Callable[[str], None], threads: int = 0) -> dict[str, str]:
        """Start what is not there yet.

        Args:
            workers: processes that train, each with its share of the cores.
            say: told what is being started.
            threads: of a worker; 0 for its share of the cores.

        Returns:
            The variables to export; none holds a password.

        Raises:
            ClusterError: a service does not come up.
            NoServerError: PostgreSQL is not installed, or its files cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        services = Services(self.folder)
        say("PostgreSQL ...")
        port = self._start_postgresql(services)
        say("MLflow server ...")
        self._start_mlflow(services, port)
        say("Dask scheduler ...")
        self._start_scheduler(services)
        say(f"{workers} worker{'s' if workers > 1 else ''} ...")
        self._start_workers(services, workers, threads or max(1, (os.cpu_count() or 1) // workers))
        found = self._variables(services, port)
        self._write_variables(found)
        return found

    def down(self, say: Callable[[str], None], keep: bool = False) -> None:
        """Stop everything; studies, runs and artifacts go too unless they are kept."""
        if not self.folder.exists():
            say("no cluster was started here")
            return
        services = Services(self.folder)
        for name in reversed([*services]):
            if services.is_alive(name):
                say(f"{name} ...")
            services.stop(name)
        if keep:
            return
        place = self._postgresql_folder()
        for folder in (place, self.folder):
            shutil.rmtree(folder, ignore_errors=True)

    def list_services(self) -> Iterator[tuple[str, str, int]]:
        """Yield name, address and process number of each service, 0 for one that is gone."""
        services = Services(self.folder)
        for name in services:
            yield name, services.address(name), services.pid(name) if services.is_alive(name) else 0

    def _start_postgresql(self, services: Services) -> int:
        port = services.choose_port(POSTGRESQL)
        server = PostgresqlServer(self._postgresql_folder(), port)
        passwords = self.folder / "pgpass"
        if not passwords.exists():
            with atomic_write(passwords) as path:
                path.touch(PRIVATE)
                path.write_text(f"{LOOPBACK}:*:*:{USER}:{secrets.token_urlsafe(24)}\n")
        password = passwords.read_text().strip().rpartition(":")[2]
        server.initialise(password)
        services.start(Service(POSTGRESQL, server.command(), {}, f"postgresql://{LOOPBACK}:{port}"))
        try:
            server.wait(lambda: services.is_alive(POSTGRESQL))
        except NoServerError as error:
            raise ClusterError(f"{error}: {services.tail(POSTGRESQL)}") from None
        self._create_databases(port, password)
        return port

    def _create_databases(self, port: int, password: str) -> None:
        import psycopg

        with psycopg.connect(
            host=LOOPBACK, port=port, user=USER, password=password, dbname="postgres", autocommit=True
        ) as connection:
            there = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
            for name in {STUDIES, RUNS} - there:
                connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))

    def _start_mlflow(self, services: Services, port: int) -> None:
        own = services.choose_port(MLFLOW)
        store = f"postgresql+psycopg://{USER}@{LOOPBACK}:{port}/{RUNS}"
        command = [
            sys.executable, "-m", "mlflow", "server", "--host", LOOPBACK, "--port", str(own), "--workers", "1",
            "--backend-store-uri", store, "--artifacts-destination", (self.folder / "artifacts").as_uri(),
            "--serve-artifacts",
        ]  # fmt: skip
        address = f"http://{LOOPBACK}:{own}"
        services.start(Service(MLFLOW, command, {**NO_JOBS, **self._passwords}, address))
        self._wait(services, MLFLOW, lambda: _answers(f"{address}/health"))

    def _start_scheduler(self, services: Services) -> None:
        port = services.choose_port(DASK)
        words = ["--host", LOOPBACK, "--port", str(port), "--dashboard-address", f"{LOOPBACK}:0"]
        command = [sys.executable, "-m", "distributed.cli.dask_scheduler", *words]
        services.start(Service(DASK, command, {}, f"tcp://{LOOPBACK}:{port}"))
        self._wait(services, DASK, lambda: self._count_workers(services) is not None)

    def _start_workers(self, services: Services, count: int, threads: int) -> None:
        memory = int(psutil.virtual_memory().total * MEMORY_SHARE / count)
        command = [
            sys.executable, "-m", "distributed.cli.dask_worker", services.address(DASK), "--host", LOOPBACK,
            "--nworkers", str(count), "--nthreads", str(threads), "--memory-limit", str(memory), "--no-dashboard",
            "--local-directory", str(self.folder / "workers"),
        ]  # fmt: skip
        named = f"{count} of {threads} thread{'s' if threads > 1 else ''}"
        if services.address(WORKERS) != named:
            services.stop(WORKERS)
        services.start(Service(WORKERS, command, self._passwords, named))
        self._wait(services, WORKERS, lambda: (self._count_workers(services) or 0) >= count)

    def _count_workers(self, services: Services) -> int | None:
        """Count the scheduler's workers; None where it does not answer."""
        from distributed import Client

        try:
            with Client(services.address(DASK), timeout=2, set_as_default=False) as client:
                return len(client.scheduler_info(n_workers=-1)["workers"])
        except OSError:
            return None

    def _wait(self, services: Services, name: str, answers: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while not answers():
            if not services.is_alive(name) or time.monotonic() > end:
                raise ClusterError(f"{name} does not come up; it said: {services.tail(name)}")
            time.sleep(POLL_SECONDS)

    def _variables(self, services: Services, port: int) -> dict[str, str]:
        return {
            addresses.SCHEDULER: services.address(DASK),
            addresses.TRACKING: services.address(MLFLOW),
            addresses.STORAGE: f"postgresql://{USER}@{LOOPBACK}:{port}/{STUDIES}",
            addresses.SHARED: (self.folder / "shared").as_uri(),
            **self._passwords,
        }

    def _write_variables(self, found: dict[str, str]) -> None:
        with atomic_write(self.variables_file) as path:
            path.touch(PRIVATE)
            path.write_text("".join(f"export {name}={value}\n" for name, value in found.items()))

    @property
    def _passwords(self) -> dict[str, str]:
        """The variable by which PostgreSQL's own library finds the password."""
        return {PASSWORDS: str(self.folder / "pgpass")}

    def _postgresql_folder(self) -> Path:
        """Return the folder of the server's files: another one where its user cannot pass to the project's."""
        own = self.folder / POSTGRESQL
        if can_reach(self.folder):
            return own
        name = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        return Path(gettempdir()) / f"casebook-postgresql-{name}"


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=2) as answer:  # noqa: S310 - of this machine
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
