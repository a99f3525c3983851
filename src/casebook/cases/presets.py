"""Presets of a training: a name for settings that follow from those below it, and that explicit values go before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casebook.config.tree import look_up

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PRESET = "training.preset"
# `quick` goes through the rows a quarter as often, with no more members of an ensemble within the network than this.
QUICK_SHARE, QUICK_MEMBERS = 4, 2
# `best` searches for so many minutes, then trains so many networks, and a table's reference beside them.
BEST_MINUTES, BEST_NETWORKS = 10, 4
# Where nothing below the preset says how often: see `config.schema.training.TrainingParameters`.
EPOCHS = 20
COLUMNS, NONE, HELD_OUT, QUANTILE_LOSS = "columns", "none", "held_out", "pinball"


def preset_leaves(name: object, below: Mapping[str, Any]) -> dict[str, Any]:
    """Return the leaves that a preset sets.

    Args:
        name: `quick`, `default` or `best`; another one sets nothing, and the check that follows says so.
        below: the case's parameters without it, which `quick` scales down.

    Returns:
        A tree shaped like the parameters; empty for `default`.
    """
    return PRESETS[name](below) if isinstance(name, str) and name in PRESETS else {}


def may_average_trees(tree: Mapping[str, Any]) -> bool:
    """Return whether the reference's trees can be averaged with the network, by weights of the validation rows.

    Trees of a mean have no place beside a network of a quantile.
    """
    held_out = look_up(tree, "split.validation_share", 1) or look_up(tree, "split.validation_days", 0)
    apart = look_up(tree, "split.validation_on", HELD_OUT) == HELD_OUT
    of_mean = look_up(tree, "training.loss", "") != QUANTILE_LOSS
    return bool(held_out) and apart and of_mean and look_up(tree, "reference.name", "") != NONE


def _make_quick(below: Mapping[str, Any]) -> dict[str, Any]:
    epochs, patience, members = (
        look_up(below, f"training.{key}", default)
        for key, default in (("epochs", EPOCHS), ("early_stopping.patience", 0), ("network.ensemble_size", 1))
    )
    if not all(isinstance(value, int) for value in (epochs, patience, members)):
        # What is no number is told of by the check that follows.
        return {}
    return {
        "training": {
            "epochs": -(-epochs // QUICK_SHARE),
            "early_stopping": {"patience": -(-patience // QUICK_SHARE)},
            "network": {"ensemble_size": min(members, QUICK_MEMBERS)},
            "ensemble": {"networks": 1, "reference": False},
            "time_budget": 0.0,
        },
        "evaluation": {"importance_repeats": 1},
    }


def _make_best(below: Mapping[str, Any]) -> dict[str, Any]:
    of_table = look_up(below, "preprocessing.modality", COLUMNS) == COLUMNS
    averaged = of_table and may_average_trees(below)
    ensemble = {"networks": BEST_NETWORKS, "reference": averaged}
    return {"training": {"ensemble": ensemble, "time_budget": float(BEST_MINUTES)}}


PRESETS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "quick": _make_quick,
    "default": lambda _below: {},
    "best": _make_best,
}
