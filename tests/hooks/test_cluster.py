"""An environment that is a cluster's: refused before anything is read where it cannot be used."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import click
import pytest

from casebook.cluster.addresses import ClusterAddresses
from casebook.cluster.dask_scoring import DaskParts
from casebook.config.loader import CONFIG_LOADER_ARGS, CaseConfigLoader
from casebook.datasets import ScoredFiles
from casebook.datasets.scored_parts import LocalParts
from casebook.hooks.cluster import ClusterHook, choose_part_executor, open_executor

if TYPE_CHECKING:
    from pathlib import Path

VARIABLES = ("DASK_SCHEDULER_ADDRESS", "MLFLOW_TRACKING_URI", "CASEBOOK_STUDY_STORAGE", "CASEBOOK_SHARED")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in VARIABLES:
        # Empty counts as not set, and is put back whatever the hook sets.
        monkeypatch.setenv(name, "")
    monkeypatch.setattr("casebook.hooks.cluster.project_root", lambda: tmp_path)
    for folder in ("base", "cluster", "local"):
        (tmp_path / "conf" / folder).mkdir(parents=True)
    (tmp_path / "conf" / "cluster" / "cluster.yml").write_text("cluster:\n  variables: cluster.env\n")
    return tmp_path


def context_of(project: Path, environment: str) -> Any:  # noqa: ANN401 - what the hook looks at of Kedro's context
    loader = CaseConfigLoader(str(project / "conf"), env=environment, **CONFIG_LOADER_ARGS)
    return SimpleNamespace(config_loader=loader, env=environment)


def test_an_environment_without_its_file_is_one_machine(project: Path) -> None:
    ClusterHook().after_context_created(context_of(project, "local"))
    assert ClusterHook.addresses is None
    assert open_executor() is None


def test_every_missing_address_is_named_at_once(project: Path) -> None:
    with pytest.raises(click.UsageError) as told:
        ClusterHook().after_context_created(context_of(project, "cluster"))
    lines = str(told.value.message).splitlines()
    assert lines[0] == "the cluster cannot be used:"
    assert [line.split()[0] for line in lines[1:]] == list(VARIABLES)


def test_what_the_user_has_not_set_is_read_from_the_file(project: Path) -> None:
    (project / "cluster.env").write_text("export DASK_SCHEDULER_ADDRESS=tcp://127.0.0.1:1\n")
    with pytest.raises(click.UsageError, match=r"DASK_SCHEDULER_ADDRESS tcp://127\.0\.0\.1:1 cannot be used: "):
        ClusterHook().after_context_created(context_of(project, "cluster"))
    assert os.environ["DASK_SCHEDULER_ADDRESS"] == "tcp://127.0.0.1:1"


def test_variables_of_the_shell_that_differ_from_the_file_are_named(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "cluster.env").write_text(
        "export DASK_SCHEDULER_ADDRESS=tcp://127.0.0.1:2\nexport CASEBOOK_SHARED=relative\n"
    )
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "tcp://127.0.0.1:1")
    with pytest.raises(click.UsageError) as told:
        ClusterHook().after_context_created(context_of(project, "cluster"))
    assert str(told.value.message).splitlines()[-1] == (
        "cluster.env has another DASK_SCHEDULER_ADDRESS than this shell, which comes first: unset it, or source that "
        "file"
    )


def test_without_the_extra_it_says_which_to_install(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(click.UsageError) as told:
        ClusterHook().after_context_created(context_of(project, "cluster"))
    assert str(told.value.message) == "--env=cluster needs the extra \"cluster\": pip install 'casebook[cluster]'"


def test_another_key_is_refused_by_name(project: Path) -> None:
    (project / "conf" / "cluster" / "cluster.yml").write_text("cluster:\n  scheduler: tcp://host\n")
    with pytest.raises(click.UsageError, match=r"there is no key cluster\.scheduler; there is cluster\.variables"):
        ClusterHook().after_context_created(context_of(project, "cluster"))


def test_files_of_a_folder_are_scored_on_the_command_s_cluster_where_it_has_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ScoredFiles, "executor", None)
    addresses = ClusterAddresses("tcp://a", "http://b", "postgresql://c", "file:///d")
    monkeypatch.setattr(ClusterHook, "addresses", addresses)
    choose_part_executor()
    assert isinstance(ScoredFiles.executor, DaskParts)
    assert ScoredFiles.executor.addresses == addresses
    monkeypatch.setattr(ClusterHook, "addresses", None)
    choose_part_executor()
    assert isinstance(ScoredFiles.executor, LocalParts)
