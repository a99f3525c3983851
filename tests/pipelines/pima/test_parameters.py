"""The variants are the published network and the folds that it is judged by; the default leaves no zero to chance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from casebook.config.loader import read_case
from casebook.config.resolve import InvalidParametersError, resolve_case

CONF = Path(__file__).parents[3] / "conf" / "base" / "pima"
RAW_ROW = ["pregnancies", "glucose", "pressure", "skin", "insulin", "bmi", "pedigree", "age"]
TREE = read_case("pima", "base")


def resolve(variant: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - a tree or a leaf
    return resolve_case("pima", TREE, {"variant": variant, **given})


def test_the_published_network_is_8_16_8_1_trained_150_epochs_on_all_rows() -> None:
    found = resolve("net_8_16_8")
    training = found["training"]
    assert len(found["preprocessing"]["columns"]) == 8
    assert training["network"]["hidden"] == [16, 8]
    assert (training["epochs"], training["batch_size"]) == (150, 10)
    assert training["network"]["initializer"] == "random_uniform"
    assert training["optimizer"]["name"] == "adam"
    assert found["split"]["strategy"] == "none"
    assert found["preprocessing"]["scaling"] == "none"


@pytest.mark.parametrize("variant", ["default", "folds", "net_8_16_8"])
def test_every_variant_uses_each_measurement_once(variant: str) -> None:
    columns = resolve(variant)["preprocessing"]["columns"]
    assert [name.removesuffix("_published") for name in columns] == RAW_ROW


def test_the_published_network_sees_zeros_as_they_are_and_the_default_misses_them_where_nobody_lives_with_them() -> (
    None
):
    published, default = (set(resolve(variant)["preprocessing"]["columns"]) for variant in ("net_8_16_8", "default"))
    assert {name for name in published if name.endswith("_published")} == {
        f"{name}_published" for name in ("glucose", "pressure", "skin", "insulin", "bmi")
    }
    assert {"glucose", "bmi"} <= default


def test_the_folds_are_ten_of_all_rows_dealt_three_times_and_otherwise_the_default() -> None:
    assert resolve("folds")["folds"] == {"count": 10, "repeats": 3, "of": "all"}
    assert {**resolve("folds"), "variant": "", "folds": {}} == {**resolve("default"), "variant": "", "folds": {}}


def test_what_was_published_is_of_a_variant_and_its_honest_overlay_has_folds() -> None:
    published = yaml.safe_load((CONF / "published.yml").read_text())
    assert set(published) == {"net_8_16_8", "folds"}
    assert published["net_8_16_8"]["fit/accuracy"] == 0.7773
    (honest,) = published["net_8_16_8"]["honest"]
    given = {name.removeprefix("folds."): value for name, value in honest.items()}
    assert resolve("net_8_16_8", folds=given)["folds"] == {"count": 10, "repeats": 1, "of": "all"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sample": {"rows": 50}}, r"pima\.sample\.rows = 50: must be greater than or equal to 100"),
        ({"sample": {"patients": 500}}, r"pima\.sample\.patients: unknown key; the keys here are rows, seed"),
        ({"folds": {"count": 1}}, r"pima\.folds\.count = 1: one fold leaves nothing to train on"),
    ],
)
def test_parameters_that_cannot_be_are_refused_by_their_dotted_name(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParametersError, match=message):
        resolve("default", **given)
