"""Pipelines as Kedro-Viz draws them: stages in groups that unfold, and views of what stands beside the main path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kedro.pipeline import Pipeline

from casebook.cases.registry import DEFAULT
from casebook.stages.tagged_nodes import BACKGROUND, CACHED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kedro.pipeline.node import Node

# Group of a stage, which holds that of each stage; a stage that is not named here is a group of its own.
GROUPS = {
    "schema": "data_processing.ingestion",
    "ingestion": "data_processing.ingestion",
    "merging": "data_processing.ingestion",
    "features": "data_processing.features",
    "splitting": "data_processing.splitting",
    "preprocessing": "data_processing.preprocessing",
    "training": "modelling.training",
    "reference": "modelling.reference",
    "packaging": "modelling.packaging",
    "figures": "evaluation",
    "report": "evaluation",
    "explanation": "prediction",
}
# Nodes that are drawn in another group than that of their stage: what they make is of an earlier layer than what others
# of their stage take, or what they take of a later one, and layers are drawn only where each group has them in order.
DRAWN_ELSEWHERE = {
    "keep_history": "data_processing.splitting",
    "select_promotion_rows": "data_processing.splitting",
    "describe_split": "data_processing.preprocessing",
    "choose_threshold": "modelling.training",
    "measure_winner_intervals": "evaluation",
}
# Stages that nothing of the main path needs -> the view that shows them.
BESIDE = {"leaks": "profile", "profile": "profile", "folds": "folds"}


def make_views(registered: Mapping[str, Pipeline]) -> dict[str, Pipeline]:
    """Make what is drawn of each pipeline.

    Args:
        registered: by name what `kedro run --pipeline` takes.

    Returns:
        The same names, each without the stages beside its main path, which follow as `<name>_profile` and
        `<name>_folds`; the default has its main path alone, for it is one of the others too. Data sets and parameters
        keep their names; nodes have other full names, so that these pipelines are for looking at.
    """
    views: dict[str, Pipeline] = {}
    for name, pipeline in registered.items():
        beside: dict[str, list[Node]] = {}
        for node in pipeline.nodes:
            beside.setdefault(BESIDE.get(stage_of(node), ""), []).append(node)
        for view, nodes in sorted(beside.items()):
            if not view or name != DEFAULT:
                views[f"{name}_{view}" if view else name] = group_stages(nodes)
    return views


def group_stages(nodes: list[Node]) -> Pipeline:
    """Put each node into the namespace of its group."""
    return Pipeline([node._copy(namespace=group_of(node)) for node in nodes])


def group_of(node: Node) -> str:
    """Return the group of a node."""
    stage = stage_of(node)
    return DRAWN_ELSEWHERE.get(str(node._name)) or GROUPS.get(stage, stage)


def stage_of(node: Node) -> str:
    """Return the stage of a node: its one tag besides where it may run."""
    return next(iter(sorted(node.tags - {BACKGROUND, CACHED})), node.name)
