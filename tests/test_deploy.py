"""What Docker Compose and Dask's Helm chart are given has their form and no password; neither is needed to see it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from casebook.cluster.addresses import EXAMPLES

DEPLOY = Path(__file__).parents[1] / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yml").read_text())
VALUES = yaml.safe_load((DEPLOY / "dask_values.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
# Of the chart dask/dask.
PARTS = {"scheduler", "worker", "jupyter"}
WORKER_KEYS = {
    "image",
    "replicas",
    "resources",
    "env",
    "extraArgs",
    "mounts",
    "nodeSelector",
    "tolerations",
    "affinity",
}


def words_of(service: str) -> list[str]:
    """Give the words of a service's command; of a shell's those of its script."""
    command = SERVICES[service]["command"]
    return shlex.split(command[-1]) if command[0] == "sh" else command


def test_what_services_refer_to_is_there() -> None:
    for name, service in SERVICES.items():
        assert set(service["secrets"]) <= COMPOSE["secrets"].keys()
        assert set(service.get("depends_on", ())) <= SERVICES.keys() - {name}
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or source == "../data" or (DEPLOY / source).is_file()


def test_the_image_has_the_programs_that_the_chart_calls_and_an_empty_entry() -> None:
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", "")
    assert re.findall(r"^(?:FROM|USER|ENTRYPOINT) .*", text, re.M) == [
        "FROM casebook", "USER root", "USER 1000:1000", "ENTRYPOINT []"
    ]  # fmt: skip
    (script,) = re.findall(r"^RUN (.*)", text, re.M)
    assert "dask-$part" in script
    assert "for part in scheduler worker;" in script


def test_only_this_machine_reaches_the_ports() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert len(ports) == 3
    assert all(port.startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize("service", ["worker", "launch"])
def test_workers_and_launch_know_all_addresses_and_they_lead_to_services(service: str) -> None:
    variables = SERVICES[service]["environment"]
    assert set(variables) == set(EXAMPLES)
    hosts = {re.sub(r".*?([^/@]+?)(:\d+)?(/.*)?$", r"\1", variables[name].partition("://")[2]) for name in EXAMPLES}
    assert hosts - {""} <= SERVICES.keys() | {"shared"}


def test_the_commands_are_those_of_the_programs() -> None:
    assert words_of("scheduler") == ["dask", "scheduler"]
    assert "dask worker $$DASK_SCHEDULER_ADDRESS --nthreads 1" in " ".join(words_of("worker"))
    assert {"mlflow", "server", "--serve-artifacts", "--artifacts-destination"} <= set(words_of("mlflow"))
    assert SERVICES["launch"]["command"][:2] == ["casebook", "run"]


@pytest.mark.parametrize("file", sorted(DEPLOY.iterdir()), ids=lambda file: file.name)
def test_no_file_holds_a_password(file: Path) -> None:
    text = file.read_text()
    assert re.findall(r"://[^\s/@]*:[^\s/@]+@", text) == []
    assert not re.search(r"PASSWORD\s*[:=]\s*(?!\$\$\(cat )[\w'\"]", text)


def test_values_are_those_that_the_chart_has() -> None:
    assert VALUES.keys() == PARTS
    assert VALUES["worker"].keys() <= WORKER_KEYS
    assert VALUES["jupyter"] == {"enabled": False}
    assert VALUES["scheduler"]["image"] == VALUES["worker"]["image"]
    assert all("valueFrom" in variable for variable in VALUES["worker"]["env"])
    assert VALUES["worker"]["resources"]["limits"]["cpu"] == 1
