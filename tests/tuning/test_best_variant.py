"""A study's winner as the variant `best`: it carries its conditions, and is the same wherever it is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from casebook.config.command_line import read_parameters
from casebook.config.loader import read_case
from casebook.config.paths import best_variant_file
from casebook.config.resolve import InvalidParametersError, list_differences, resolve_case
from casebook.config.schema import NOT_CONDITIONS
from casebook.config.tree import overlay
from casebook.tuning.best_variant import name_command, write_best
from casebook.tuning.plan import StudyPlan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.project import Project

# The ensemble of the preset `best`.
OF_PRESET = {"networks": 4, "reference": True}
HIDDEN = "pima.training.network.hidden"
# What the study was started with beside the configuration of its environment.
TYPED = "pima.training.epochs=1,pima.preprocessing.clip.age=0.1x0.9,pima.leaks.bmi=drop"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a project whose configuration is empty: studies write there, and the real one is not touched."""
    (tmp_path / "conf").mkdir()
    monkeypatch.setenv("CASEBOOK_CONF", str(tmp_path / "conf"))
    return tmp_path


@pytest.fixture(scope="module")
def configured() -> dict[str, dict[str, Any]]:
    return {name: read_case("pima", name) for name in ("base", "test")}


def conditions(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name not in NOT_CONDITIONS}


def write_winner(parameters: dict[str, Any]) -> None:
    """Write the winner of a study that was begun with these parameters."""
    fields = ("name", "storage", "folder", "environment", "fingerprint")
    plan = StudyPlan(case="pima", parameters=parameters, **dict.fromkeys(fields, "toy"))
    write_best({"values": {HIDDEN: [7]}, "run_id": "abc", "trial": 3}, plan)


@pytest.fixture
def parameters(project: Path, configured: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Write the winner of a study of the environment `test` with parameters of its own -> those that it was run by."""
    parameters = resolve_case("pima", configured["test"], read_parameters([TYPED])["pima"])
    write_winner(parameters)
    assert best_variant_file("pima") == project / "conf" / "local" / "pima" / "parameters_best.yml"
    return overlay(parameters, {"training": {"network": {"hidden": [7]}}})


@pytest.mark.parametrize("environment", ["base", "test"])
def test_it_is_the_trial_in_every_environment(
    parameters: dict[str, Any], configured: dict[str, dict[str, Any]], environment: str
) -> None:
    found = resolve_case("pima", configured[environment], {"variant": "best"})
    assert conditions(found) == conditions(parameters)
    assert found["training"]["epochs"] == 1
    assert found["study"]["winner_of"] == "abc trial 3"
    assert list_differences("pima", found) == []


def test_nothing_of_the_environment_is_left_below_its_blocks(
    parameters: dict[str, Any], configured: dict[str, dict[str, Any]]
) -> None:
    more = {"leaks": {"age": "drop"}, "preprocessing": {"impute": {"bmi": "mean"}}, "split": {"keys": {"age": "age"}}}
    found = resolve_case("pima", overlay(configured["base"], more), {"variant": "best"})
    assert conditions(found) == conditions(parameters)


@pytest.mark.usefixtures("project")
def test_the_winner_of_a_study_with_a_preset_is_the_ensemble_that_was_judged(
    configured: dict[str, dict[str, Any]],
) -> None:
    parameters = resolve_case("pima", configured["base"], {"training": {"preset": "best"}})
    assert parameters["training"]["time_budget"] == 10
    write_winner(parameters)
    found = resolve_case("pima", configured["base"], {"variant": "best"})["training"]
    assert (found["preset"], found["ensemble"], found["time_budget"]) == ("default", OF_PRESET, 0)
    assert found["network"]["hidden"] == [7]


@pytest.mark.usefixtures("parameters")
def test_the_command_line_still_wins_and_is_named_as_a_difference(configured: dict[str, dict[str, Any]]) -> None:
    found = resolve_case("pima", configured["base"], {"variant": "best", "training": {"epochs": 60}})
    assert found["training"]["epochs"] == 60
    assert list_differences("pima", found) == ["pima.training.epochs: 1 -> 60"]


def test_a_winner_of_an_earlier_version_is_a_variant_that_is_never_taken_for_its_trial(
    project: Path, configured: dict[str, dict[str, Any]]
) -> None:
    file = best_variant_file("pima")
    file.parent.mkdir(parents=True)
    variant = {"training": {"network": {"hidden": [7]}}, "study": {"winner_of": "abc trial 3"}}
    file.write_text(yaml.safe_dump({"pima": {"variants": {"best": variant}}}))
    found = resolve_case("pima", configured["base"], {"variant": "best"})
    assert (found["training"]["network"]["hidden"], found["training"]["epochs"]) == ([7], 60)
    assert "pima.training.epochs: 'not there' -> 60" in list_differences("pima", found)
    assert project.exists()


@pytest.mark.usefixtures("project")
def test_without_a_study_there_is_no_best(configured: dict[str, dict[str, Any]]) -> None:
    with pytest.raises(InvalidParametersError, match="no variant best yet; a study writes it: kedro run --pipeline=p"):
        resolve_case("pima", configured["base"], {"variant": "best"})


def test_the_command_names_a_configuration_that_lies_elsewhere(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = "kedro run --pipeline=pima --params pima.variant=best"
    assert name_command("pima") == f"{plain} --conf-source={project / 'conf'}"
    monkeypatch.delenv("CASEBOOK_CONF")
    assert name_command("pima") == plain


@pytest.mark.process
def test_the_printed_command_gives_the_trials_very_figures_in_another_environment(
    new_project: Callable[[], Project],
) -> None:
    project = new_project()
    study = {"trials": 2, "workers": 1, "folds": 0, "metric": "val/auc", "pruner": "median", "seeds": 1}
    tree = overlay(yaml.safe_load((project.root / "conf/test/pima/parameters.yml").read_text()), {"pima": {
        "study": study, "training": {"network": {"dropout": 0.25}},
    }})  # fmt: skip
    (project.root / "conf" / "small" / "pima").mkdir(parents=True)
    (project.root / "conf" / "small" / "pima" / "parameters.yml").write_text(yaml.safe_dump(tree))
    given = ("--params", "pima.training.batch_size=16")
    code, said = project.kedro("run", "--pipeline=pima_study", "--env=small", *given)
    assert code == 0, said[-3000:]
    command = said.split("train it with `")[1].split("`")[0].split()
    assert command == ["kedro", "run", "--pipeline=pima", "--params", "pima.variant=best"]
    for more in ([], ["--env=test"]):
        code, said = project.kedro(*command[1:], *more)
        assert code == 0, said[-3000:]
    experiment = project.client.get_experiment_by_name("pima")
    assert experiment is not None
    runs = project.client.search_runs([experiment.experiment_id])
    (parent,) = (run for run in runs if run.info.run_name.startswith("study"))
    trained = [run for run in runs if run.data.tags.get("variant") == "best"]
    assert len(trained) == 2
    for run in trained:
        assert run.data.metrics["val/auc"] == parent.data.metrics["best/val/auc"]
        assert run.data.tags["study.run_id"] == parent.info.run_id
        assert run.data.tags["study.trial"] == parent.data.tags["best.trial"]
        assert run.data.params["pima.training.batch_size"] == "16"
