"""Presets: what they set, and what goes before them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from casebook.cases.presets import preset_leaves
from casebook.cases.registry import CASES
from casebook.config.loader import read_case
from casebook.config.resolve import InvalidParametersError, resolve_case
from casebook.config.tree import look_up, overlay, unflatten

if TYPE_CHECKING:
    from pathlib import Path

# A case of the user's own; its file is not there, so that its defaults are those of 10,000 rows.
CHURN = {
    "task": "binary",
    "target": "left",
    "data": {"tables": {"churn": {"file": "churn.csv"}}, "columns": {"left": {"classes": [0, 1]}}},
}
OF_ENSEMBLE = ("training.ensemble.networks", "training.ensemble.reference")
OF_SIZE = {"training.epochs": 91, "training.early_stopping.patience": 22, "training.network.ensemble_size": 8}


@pytest.fixture
def churn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    monkeypatch.setenv("CASEBOOK_RAW", str(tmp_path))
    for module in ("config.resolve", "cases.registry"):
        monkeypatch.setattr(f"casebook.{module}.known_cases", lambda: (*CASES, "churn"))
    return overlay(CHURN, {})


def settings(case: str, tree: dict[str, Any], **given: object) -> dict[str, Any]:
    """Resolve a case -> the leaves that presets set, by dotted name."""
    resolved = resolve_case(case, tree, unflatten(given))
    names = (*OF_SIZE, *OF_ENSEMBLE, "training.time_budget", "evaluation.importance_repeats")
    return {name: look_up(resolved, name) for name in names}


@pytest.mark.parametrize("case", CASES)
def test_the_default_preset_is_what_a_case_is_without_one(case: str) -> None:
    base = read_case(case, "base")
    plain = resolve_case(case, base, {})
    assert plain["training"]["preset"] == "default"
    assert resolve_case(case, base, {"training": {"preset": "default"}}) == plain
    both = case == "attrition"
    assert plain["training"]["ensemble"] == {"networks": 1 + both, "reference": both}
    assert plain["training"]["time_budget"] == 0


@pytest.mark.parametrize("case", CASES)
def test_quick_and_best_fit_every_case(case: str) -> None:
    base = read_case(case, "base")
    plain, quick, best = (settings(case, base, **{"training.preset": name}) for name in ("default", "quick", "best"))
    assert quick["training.epochs"] == -(-plain["training.epochs"] // 4)
    assert quick["training.network.ensemble_size"] == min(2, plain["training.network.ensemble_size"])
    # Rossmann's network is of a quantile, beside which trees of a mean have no place.
    table = case not in {"mnist", "imdb", "rossmann"}
    assert best == plain | {
        "training.ensemble.networks": 4, "training.ensemble.reference": table, "training.time_budget": 10
    }  # fmt: skip


def test_best_without_a_reference_averages_networks_alone() -> None:
    given = {"training.preset": "best", "reference.name": "none"}
    found = settings("pima", read_case("pima", "base"), **given)
    assert (found["training.ensemble.networks"], found["training.ensemble.reference"]) == (4, False)


def test_what_is_typed_beside_a_preset_goes_before_it() -> None:
    given = {"training.preset": "best", "training.time_budget": 2, "training.epochs": 7}
    found = settings("pima", read_case("pima", "base"), **given)
    assert (found["training.time_budget"], found["training.epochs"], found["training.ensemble.networks"]) == (2, 7, 4)


def test_a_preset_goes_before_the_recipe_of_a_case_of_the_project_wherever_it_is_named() -> None:
    base = read_case("pima", "base")
    named = overlay(base, {"training": {"preset": "quick"}})
    assert settings("pima", named) == settings("pima", base, **{"training.preset": "quick"})
    assert settings("pima", named, **{"training.epochs": 9})["training.epochs"] == 9


@pytest.mark.parametrize("named", ["default", "best"])
def test_a_preset_that_kedro_has_merged_into_the_configuration_counts_once(named: str) -> None:
    base = overlay(read_case("pima", "base"), {"training": {"preset": named}})
    given = {"training": {"preset": "quick"}}
    assert resolve_case("pima", overlay(base, given), given) == resolve_case("pima", read_case("pima", "base"), given)
    assert settings("pima", overlay(base, given), **{"training.preset": "quick"})["training.epochs"] == 15
    soon = overlay(base, {"variants": {"soon": {"training": {"preset": "quick"}}}})
    assert settings("pima", soon, **{"training.preset": "quick", "variant": "soon"})["training.epochs"] == 15


def test_a_users_own_yaml_goes_before_the_preset_that_it_names(churn: dict[str, Any]) -> None:
    assert settings("churn", churn) == OF_SIZE | {
        "training.ensemble.networks": 1, "training.ensemble.reference": True, "training.time_budget": 0,
        "evaluation.importance_repeats": 2,
    }  # fmt: skip
    quick = settings("churn", overlay(churn, {"training": {"preset": "quick"}}))
    assert quick == {
        "training.epochs": 23, "training.early_stopping.patience": 6, "training.network.ensemble_size": 2,
        "training.ensemble.networks": 1, "training.ensemble.reference": False, "training.time_budget": 0,
        "evaluation.importance_repeats": 1,
    }  # fmt: skip
    stated = settings("churn", overlay(churn, {"training": {"preset": "quick", "epochs": 60}}))
    assert stated == quick | {"training.epochs": 60}
    # On the command line a preset goes before the YAML.
    typed = settings("churn", overlay(churn, {"training": {"epochs": 60}}), **{"training.preset": "quick"})
    assert typed == quick | {"training.epochs": 15}


def test_trees_stand_beside_a_table_s_network_where_they_can_be_weighed(churn: dict[str, Any]) -> None:
    for without in ({"reference": {"name": "none"}}, {"split": {"validation_on": "test"}}):
        assert not settings("churn", overlay(churn, without))["training.ensemble.reference"]
        assert not settings("churn", churn | {"variants": {"v": without}}, variant="v")["training.ensemble.reference"]
    assert settings("churn", churn | {"variants": {"v": without}})["training.ensemble.reference"]
    churn |= {"task": "regression", "training": {"loss": "pinball"}}
    churn["data"]["columns"] = {"left": {"type": "number"}}
    assert not settings("churn", churn)["training.ensemble.reference"]
    assert settings("churn", overlay(churn, {"training": {"loss": "mse"}}))["training.ensemble.reference"]


def test_a_reference_that_is_left_out_is_left_out_of_the_ensemble_too() -> None:
    base = read_case("attrition", "base")
    assert settings("attrition", base)["training.ensemble.reference"]
    assert not settings("attrition", base, **{"reference.name": "none"})["training.ensemble.reference"]
    stated = {"reference.name": "none", "training.ensemble.reference": True}
    with pytest.raises(InvalidParametersError, match=r"reference\.name is none"):
        settings("attrition", base, **stated)


def test_a_variant_may_name_a_preset_beside_what_goes_before_it() -> None:
    base = read_case("pima", "base")
    base["variants"] = {"soon": {"training": {"preset": "quick", "network": {"ensemble_size": 8}}}}
    found = settings("pima", base, variant="soon")
    assert (found["training.epochs"], found["training.network.ensemble_size"]) == (15, 8)


def test_a_preset_that_does_not_exist_is_refused() -> None:
    assert preset_leaves("fast", {}) == {}
    with pytest.raises(InvalidParametersError, match=r"pima\.training\.preset.*'fast'.*quick"):
        resolve_case("pima", read_case("pima", "base"), {"training": {"preset": "fast"}})


def test_what_is_no_number_below_a_preset_is_told_of_by_its_own_name() -> None:
    base = overlay(read_case("pima", "base"), {"training": {"epochs": "many"}})
    with pytest.raises(InvalidParametersError, match=r"pima\.training\.epochs"):
        resolve_case("pima", base, {"training": {"preset": "quick"}})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"split.validation_share": 0.0}, "time_budget searches by validation rows, and in this split those are none"),
        ({"split.validation_on": "test"}, "time_budget searches by validation rows, and in this split those are test"),
        (
            {"split.validation_on": "test", "training.time_budget": 0},
            "ensemble.networks are weighed by validation rows, and in this split those are test rows",
        ),
    ],
)
def test_best_is_refused_where_no_rows_can_choose(given: dict[str, object], told: str) -> None:
    base = read_case("pima", "base")
    with pytest.raises(InvalidParametersError, match=re.escape(told)):
        resolve_case("pima", base, unflatten({"training.preset": "best", **given}))


@pytest.mark.parametrize(
    ("case", "given", "told"),
    [
        ("pima", {"reference.name": "none"}, "and reference.name is none: give boosted_trees there, or false here"),
        ("mnist", {}, "averages a table's boosted trees with its network"),
        ("imdb", {}, "the references of images and texts take other inputs than the network: give false"),
        (
            "pima",
            {"split.validation_share": 0.0},
            "ensemble.reference is weighed by validation rows, and in this split",
        ),
    ],
)
def test_a_reference_that_cannot_be_averaged_with_the_network_is_refused_in_a_line(
    case: str, given: dict[str, object], told: str
) -> None:
    with pytest.raises(InvalidParametersError, match=re.escape(told)) as refused:
        resolve_case(case, read_case(case, "base"), unflatten({"training.ensemble.reference": True, **given}))
    assert str(refused.value).count("\n") == 0


def test_a_search_of_a_space_without_training_is_refused() -> None:
    base = read_case("pima", "base")
    base["study"]["space"] = {"preprocessing": {"min_frequency": {"choice": [1, 3]}}}
    with pytest.raises(InvalidParametersError, match="which has no leaf below training: give 0"):
        resolve_case("pima", base, {"training": {"time_budget": 1}})


def test_a_search_by_what_training_does_not_measure_is_refused() -> None:
    base = overlay(read_case("pima", "base"), {"study": {"metric": ["val/log_loss"], "folds": 3}})
    told = "training.time_budget searches by val/log_loss, the study.metric, and training measures val/loss, val/"
    with pytest.raises(InvalidParametersError, match=told):
        resolve_case("pima", base, {"training": {"time_budget": 1}})
    assert resolve_case("pima", base, {})["study"]["metric"] == ["val/log_loss"]
    more = {"training": {"time_budget": 1, "metrics": ["log_loss"]}}
    assert resolve_case("pima", base, more)["training"]["time_budget"] == 1
