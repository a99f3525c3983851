"""The variants are the published network after so many epochs; the default does without column B and says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from casebook.config.loader import read_case
from casebook.config.resolve import InvalidParametersError, resolve_case
from casebook.stages.used_columns import name_features
from casebook.synthetic_data.boston import COLUMNS

CONF = Path(__file__).parents[3] / "conf" / "base" / "boston"
TREE = read_case("boston", "base")
PUBLISHED = {"3_epochs": 3, "30_epochs_more": 33, "as_many_as_printed": 2500}


def resolve(variant: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - a tree or a leaf
    return resolve_case("boston", TREE, {"variant": variant, **given})


def features(variant: str) -> list[str]:
    found = resolve(variant)
    sources = {name: (name,) for name in COLUMNS}
    return name_features([*COLUMNS, "MEDV", "part"], sources, found["preprocessing"], found["leaks"])


@pytest.mark.parametrize(("variant", "epochs"), PUBLISHED.items())
def test_the_published_networks_differ_in_their_epochs_alone(variant: str, epochs: int) -> None:
    found = resolve(variant)
    training = found["training"]
    assert training["epochs"] == epochs
    assert training["network"]["hidden"] == [13, 6]
    assert training["network"]["initializer"] == "random_normal"
    assert (training["loss"], training["batch_size"], training["optimizer"]["name"]) == ("mse", 32, "adam")
    assert (found["preprocessing"]["scaling"], found["split"]["validation_on"]) == ("none", "training")
    first = resolve("3_epochs")
    assert {**found, "variant": "", "training": {**training, "epochs": 3}} == {**first, "variant": ""}


def test_column_b_is_in_the_published_variants_and_not_in_the_default() -> None:
    assert "B" not in features("default")
    assert len(features("default")) == 12
    assert all(features(variant) == list(COLUMNS) for variant in PUBLISHED)


def test_what_column_b_is_stands_at_the_head_of_the_parameters() -> None:
    first = (CONF / "parameters.yml").read_text().partition("boston:")[0]
    assert "Column B encodes race" in first
    assert "record of the" in first


def test_what_was_published_is_of_the_variants_and_each_has_an_honest_overlay_without_b() -> None:
    published = yaml.safe_load((CONF / "published.yml").read_text())
    assert list(published) == list(PUBLISHED)
    assert (published["3_epochs"]["test/mape"], published["3_epochs"]["test/mse"]) == (0.9648, 589.77)
    assert (published["30_epochs_more"]["test/mape"], published["30_epochs_more"]["test/mse"]) == (0.1622, 22.10)
    for entry in published.values():
        assert [overlay["leaks.B"] for overlay in entry["honest"]] == ["drop"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sample": {"rows": 50}}, r"boston\.sample\.rows = 50: must be greater than or equal to 100"),
        ({"training": {"network": {"output": "sigmoid"}}}, r"network\.output sigmoid does not fit the task regression"),
        ({"split": {"strategy": "time"}}, r"strategy 'time' does not exist; there are row, none, given"),
    ],
)
def test_parameters_that_cannot_be_are_refused_by_their_dotted_name(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParametersError, match=message):
        resolve("default", **given)
