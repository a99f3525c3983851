"""The variants are the published network and the default with the leak open; the default closes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from casebook.config.loader import read_case
from casebook.config.resolve import InvalidParametersError, resolve_case

CONF = Path(__file__).parents[3] / "conf" / "base" / "deposit"
TREE = read_case("deposit", "base")


def resolve(variant: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - a tree or a leaf
    return resolve_case("deposit", TREE, {"variant": variant, **given})


def test_the_published_network_has_30_units_and_two_softmax_outputs_and_stops_early() -> None:
    found = resolve("30_units")
    training = found["training"]
    assert (training["network"]["hidden"], training["network"]["activation"]) == ([30], "relu")
    assert (training["network"]["output"], training["loss"]) == ("softmax", "sparse_categorical_crossentropy")
    assert training["optimizer"]["name"] == "adam"
    assert training["early_stopping"]["patience"] > 0
    assert found["leaks"] == {"duration": "keep"}


def test_the_default_closes_the_leak_and_one_variant_opens_it() -> None:
    assert resolve("default")["leaks"] == {"duration": "drop"}
    assert resolve("with_duration")["leaks"] == {"duration": "keep"}


def test_what_was_published_is_of_the_published_network_and_its_honest_overlay_closes_the_leak() -> None:
    published = yaml.safe_load((CONF / "published.yml").read_text())
    assert set(published) == {"30_units", "with_duration"}
    assert published["30_units"]["test/accuracy"] == 0.86
    (honest,) = published["30_units"]["honest"]
    given = {name.removeprefix("leaks."): value for name, value in honest.items()}
    assert resolve("30_units", leaks=given)["leaks"] == {"duration": "drop"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sample": {"clients": 100}}, r"deposit\.sample\.clients = 100: must be greater than or equal to 200"),
        ({"leaks": {"duration": "hide"}}, r"deposit\.leaks\.duration = 'hide': must be 'keep' or 'drop'"),
        (
            {"training": {"network": {"output": "linear"}}},
            r"training\.network\.output linear does not fit the task binary: give sigmoid or softmax",
        ),
    ],
)
def test_parameters_that_cannot_be_are_refused_by_their_dotted_name(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParametersError, match=message):
        resolve("default", **given)
