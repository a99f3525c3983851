"""What an ensemble's model averages, from the metrics of its run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.reports.metric_groups import select_group

if TYPE_CHECKING:
    from collections.abc import Mapping

    Members = Mapping[str, Mapping[str, float]]

# As `models.network_ensemble` names them, which is not imported for a line on the console.
BOOSTED_TREES = "boosted_trees"


def list_members(metrics: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """List the scores and the weight of each member by its name: networks, then boosted trees.

    Returns:
        `network_1` ... and `boosted_trees`; nothing of a single network.
    """
    found: dict[str, dict[str, float]] = {}
    while network := select_group(metrics, f"network_{len(found) + 1}"):
        found[f"network_{len(found) + 1}"] = network
    trees = select_group(metrics, BOOSTED_TREES)
    return {**found, BOOSTED_TREES: trees} if trees else found


def name_model(members: Members) -> str:
    """Name what a run has trained in a word."""
    return "ensemble" if members else "network"


def list_networks(members: Members) -> list[Mapping[str, float]]:
    """List the scores and weights of the networks alone."""
    return [member for name, member in members.items() if name != BOOSTED_TREES]


def describe_members(members: Members) -> str:
    """Say how many networks a model averages, whether with trees, and how much each counts; nothing of a single one."""
    if not members:
        return ""
    networks = list_networks(members)
    weights = ", ".join(f"{network['weight']:.2f}" for network in networks)
    if BOOSTED_TREES not in members:
        return f"{len(networks)} averaged, weights {weights}"
    return f"{len(networks)} and boosted trees averaged, weights {weights} and {members[BOOSTED_TREES]['weight']:.2f}"
