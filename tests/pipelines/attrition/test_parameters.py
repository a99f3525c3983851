"""The variants are the published networks; the default keeps copies on one side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from casebook.config.loader import read_case
from casebook.config.resolve import InvalidParametersError, resolve_case

CONF = Path(__file__).parents[3] / "conf" / "base" / "attrition"
TREE = read_case("attrition", "base")
PUBLISHED = yaml.safe_load((CONF / "published.yml").read_text())
RAW_ROW = [
    "satisfaction_level", "last_evaluation", "number_project", "average_montly_hours", "time_spend_company",
    "Work_accident", "promotion_last_5years", "department", "salary",
]  # fmt: skip
VARIANTS = ("9_units", "9_units_folds", "9_units_dropout")


def resolve(variant: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - a tree or a leaf
    return resolve_case("attrition", TREE, {"variant": variant, **given})


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_published_networks_are_18_9_1_trained_for_one_epoch_on_70_percent(variant: str) -> None:
    found = resolve(variant)
    training = found["training"]
    assert training["network"]["hidden"] == [9]
    assert training["network"]["initializer"] == "random_uniform"
    assert (training["epochs"], training["batch_size"], training["optimizer"]["name"]) == (1, 10, "adam")
    assert (found["split"]["strategy"], found["split"]["test_share"], found["split"]["validation_share"]) == (
        "row", 0.3, 0.0,
    )  # fmt: skip
    assert found["preprocessing"]["drop_first"]
    assert found["preprocessing"]["columns"] == RAW_ROW
    assert found["duplicates"] == "keep"
    assert found["evaluation"]["thresholds"] == [0.5, 0.6]


def test_the_variants_differ_in_folds_and_dropout_alone() -> None:
    plain, folds, dropout = (resolve(variant) for variant in VARIANTS)
    assert folds == {**plain, "variant": "9_units_folds", "folds": {"count": 10, "repeats": 1, "of": "training"}}
    network = {**plain["training"]["network"], "dropout": 0.1}
    assert dropout == {**plain, "variant": "9_units_dropout", "training": {**plain["training"], "network": network}}


def test_the_default_groups_the_copies() -> None:
    assert resolve("default")["duplicates"] == "group"


def test_what_was_published_is_of_the_variants_and_each_honest_overlay_resolves() -> None:
    assert tuple(PUBLISHED) == VARIANTS
    assert PUBLISHED["9_units"]["test/accuracy"] == 0.817
    assert PUBLISHED["9_units_folds"]["folds/accuracy_mean"] == 0.83
    assert PUBLISHED["9_units_folds"]["folds/accuracy_variance"] == 0.00109
    for variant in VARIANTS:
        honest = [resolve(variant, **overlay)["duplicates"] for overlay in PUBLISHED[variant]["honest"]]
        assert honest == ["group", "drop"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sample": {"employees": 100}}, r"attrition\.sample\.employees = 100: must be greater than or equal to 200"),
        ({"duplicates": "ignore"}, r"attrition\.duplicates = 'ignore': must be 'keep', 'group' or 'drop'"),
    ],
)
def test_parameters_that_cannot_be_are_refused_by_their_dotted_name(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParametersError, match=message):
        resolve("default", **given)
