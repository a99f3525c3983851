"""Pipelines as Kedro-Viz draws them."""

from __future__ import annotations

import json
import subprocess
import sys
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

import pytest
from kedro.pipeline import Pipeline, node

from casebook.cases.registry import CASES, load_case
from casebook.config import resolved_loader
from casebook.config.loader import CONFIG_LOADER_ARGS
from casebook.config.paths import conf_source
from casebook.config.resolved_loader import ResolvedConfigLoader, is_viewed
from casebook.pipeline_registry import register_pipelines
from casebook.stages import STUDY
from casebook.stages.stage_groups import BESIDE, make_views, stage_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.project import Project

# Of each pipeline that Kedro-Viz shows its layers, of redhat the boxes it opens with; of all what it complains of.
LOOK = """
import json, logging
from pathlib import Path

said = []
class Hear(logging.Handler):
    def emit(self, record):
        said.append(record.getMessage())

from kedro_viz.data_access import data_access_manager
from kedro_viz.server import load_and_populate_data

load_and_populate_data(Path.cwd())
logging.getLogger("kedro_viz").setLevel(logging.WARNING)
logging.getLogger("kedro_viz").addHandler(Hear())
from kedro_viz.api.rest.responses.pipelines import get_pipeline_response

drawn = {each.id: get_pipeline_response(each.id) for each in data_access_manager.registered_pipelines.as_list()}
children = drawn["redhat"].modular_pipelines["__root__"].children
boxes = [child.id for child in children if child.type == "modularPipeline"]
parameters = {each.name: each for each in data_access_manager.nodes.as_list() if each.type == "parameters"}
found = {
    "layers": {name: each.layers for name, each in drawn.items()},
    "boxes": sorted(boxes),
    "patience": parameters["params:redhat.training"].parameter_value["early_stopping"]["patience"],
    "said": said,
}
print("found: " + json.dumps(found))
"""
LAYERS = ["raw", "intermediate", "primary", "feature", "model_input", "models", "model_output", "reporting"]


def views_of(case: str) -> tuple[Pipeline, dict[str, Pipeline]]:
    """Return a case's pipeline and what is drawn of it."""
    graph = load_case(case).create_pipeline()
    run = graph - graph.only_nodes_with_tags(STUDY)
    return run, make_views({case: run})


@pytest.mark.parametrize("case", CASES)
def test_views_hold_each_node_once_and_leave_names_of_data_alone(case: str) -> None:
    run, views = views_of(case)
    assert list(views) == [case, f"{case}_folds", f"{case}_profile"]
    drawn = [each for view in views.values() for each in view.nodes]
    assert sorted((each._name, each.inputs, each.outputs) for each in drawn) == sorted(
        (each._name, each.inputs, each.outputs) for each in run.nodes
    )
    assert not {stage_of(each) for each in views[case].nodes} & set(BESIDE)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("depth", [1, 2])
def test_no_group_needs_one_that_needs_it(case: str, depth: int) -> None:
    _, views = views_of(case)
    nodes = views[case].nodes
    groups = {each.name: ".".join(str(each.namespace).split(".")[:depth]) for each in nodes}
    makers = {output: groups[each.name] for each in nodes for output in each.outputs}
    needs: dict[str, set[str]] = {}
    for each in nodes:
        taken = {makers[given] for given in each.inputs if given in makers}
        needs.setdefault(groups[each.name], set()).update(taken - {groups[each.name]})
    assert len(list(TopologicalSorter(needs).static_order())) == len(set(groups.values()))
    if depth == 1:
        assert set(needs) == {"data_processing", "modelling", "evaluation"}


def test_an_untagged_node_is_a_group_of_its_own() -> None:
    (drawn,) = make_views({"toy": Pipeline([node(len, "a", "b", name="count")])})["toy"].nodes
    assert (drawn.namespace, drawn.inputs, drawn.outputs) == ("count", ["a"], ["b"])


def test_nothing_is_drawn_otherwise_where_no_viewer_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_viewed()
    names = {each.name for each in register_pipelines()["redhat"].nodes}
    assert "redhat.train_network" in names
    monkeypatch.setattr(resolved_loader, "VIEWER", "sys")
    assert is_viewed()
    names = {each.name for each in register_pipelines()["redhat"].nodes}
    assert "modelling.training.train_network" in names


def test_a_viewer_gets_parameters_with_all_defaults() -> None:
    loader = ResolvedConfigLoader(conf_source(), runtime_params={"pima": {"folds": {"count": 3}}}, **CONFIG_LOADER_ARGS)
    parameters = loader["parameters"]
    assert parameters["pima"]["folds"]["count"] == 3
    assert parameters["pima"]["training"]["early_stopping"].keys() >= {"patience"}
    assert loader["parameters"] is parameters
    assert "{case}.network" in loader["catalog"]


@pytest.mark.process
def test_kedro_viz_draws_every_pipeline_in_layers_with_its_parameters_and_warns_of_nothing(
    new_project: Callable[[], Project],
) -> None:
    project = new_project()
    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=project.root,
        env=project.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("found: ")]
    found = json.loads(line.removeprefix("found: "))
    assert found["said"] == []
    assert found["boxes"] == ["data_processing", "evaluation", "modelling"]
    assert isinstance(found["patience"], int)
    assert all(found["layers"].values())
    assert [found["layers"][case] for case in CASES] == [LAYERS] * len(CASES)
