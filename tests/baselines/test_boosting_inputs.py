"""What LightGBM is handed: rows, weights, settings, and what stops it."""

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from lightgbm import Dataset
from sklearn.utils.class_weight import compute_sample_weight
from tests.baselines.settings import reference_parameters

from casebook.baselines.gradient_boosting import BoostingLibraryError, fit_reference, tree_features
from casebook.preprocessing.tabular import Arrays, TabularPreprocessor, prepare_rows

Fit = Callable[..., TabularPreprocessor]


class Grown(NamedTuple):
    """What LightGBM would grow trees of: its settings, the rows, those that stop it, and after how many iterations."""

    settings: dict[str, Any]
    rounds: int
    learnt: Dataset
    validation: Dataset | None
    patience: int


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[Grown]:
    grown = []

    def record(
        settings: dict[str, Any],
        learnt: Dataset,
        rounds: int,
        valid_sets: tuple[Dataset, ...] = (),
        callbacks: tuple[Any, ...] = (),
    ) -> SimpleNamespace:
        patience = callbacks[0].stopping_rounds if callbacks else 0
        grown.append(Grown(settings, rounds, learnt, valid_sets[0] if valid_sets else None, patience))
        return SimpleNamespace(best_iteration=7)

    monkeypatch.setattr("lightgbm.train", record)
    return grown


def make_numbered(rows: int) -> Arrays:
    number = np.arange(rows)
    return {
        "codes": np.zeros((rows, 0), np.uint8),
        "ids": np.zeros((rows, 0), np.int32),
        "numbers": number[:, None].astype(np.float32),
        "target": (number >= rows // 2).astype(np.uint8),
    }


def test_at_most_so_many_rows_are_drawn_by_the_seed(fit: Fit, recorded: list[Grown]) -> None:
    preprocessor = fit(pd.DataFrame({"n": [0.5, 1.5]}))
    train = make_numbered(2000)
    for seed, most in ((1, 300), (1, 300), (2, 300), (1, 2000)):
        fit_reference(train, make_numbered(50), preprocessor, reference_parameters(seed=seed, max_rows=most))
    drawn = [grown.learnt.data[:, 0].tolist() for grown in recorded]
    assert [len(set(rows)) for rows in drawn] == [300, 300, 300, 2000]
    assert drawn[0] == drawn[1] == sorted(drawn[0])
    assert drawn[0] != drawn[2]
    np.testing.assert_array_equal(recorded[0].learnt.label, train["target"][np.array(drawn[0], int)])
    np.testing.assert_array_equal(recorded[3].learnt.data, tree_features(train))


def test_the_rows_that_stop_the_growth_are_spread_over_all_validation_rows(fit: Fit, recorded: list[Grown]) -> None:
    # The validation rows come in the order of the file; here all of class 0 first.
    rows = make_numbered(500), make_numbered(10_000)
    fit_reference(*rows, fit(pd.DataFrame({"n": [0.5, 1.5]})), reference_parameters())
    checked, target = recorded[0].validation.data[:, 0], recorded[0].validation.label
    assert 1000 <= len(checked) < 2000
    assert checked[-1] > 9_900
    assert target.mean() == pytest.approx(0.5, abs=0.01)
    np.testing.assert_array_equal(target, checked >= 5000)


def test_the_trees_get_the_settings_of_the_parameters(fit: Fit, recorded: list[Grown]) -> None:
    preprocessor = fit(pd.DataFrame({"kind": ["a", "b"], "n": [0.5, 1.5]}))
    arrays = {
        **prepare_rows(pd.DataFrame({"kind": ["a", "b"], "n": [0.5, 1.5]}), preprocessor),
        "target": np.array([0, 1]),
    }
    fit_reference(arrays, arrays, preprocessor, reference_parameters(l2_regularization=2.0, patience=3))
    grown = recorded[0]
    assert grown.learnt.categorical_feature == [0]
    assert grown.validation.reference is grown.learnt
    assert (grown.rounds, grown.patience) == (10, 3)
    assert grown.settings == {
        "objective": "binary", "deterministic": True, "force_col_wise": True, "learning_rate": 0.3, "num_leaves": 8,
        "min_data_in_leaf": 5, "min_sum_hessian_in_leaf": 1e-7, "lambda_l2": 2.0, "bagging_fraction": 0.8,
        "bagging_freq": 1, "seed": 1, "verbosity": -1, "num_threads": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("target", "objective"),
    [
        (np.array([0, 1], np.uint8), {"objective": "binary"}),
        (np.array([0, 2], np.uint8), {"objective": "multiclass", "num_class": 3}),
        (np.array([0, 1], np.float32), {"objective": "regression"}),
    ],
)
def test_the_task_follows_from_the_target(
    fit: Fit, recorded: list[Grown], target: np.ndarray, objective: dict[str, object]
) -> None:
    rows = {**make_numbered(2), "target": target}
    fit_reference(rows, rows, fit(pd.DataFrame({"n": [0.5, 1.5]})), reference_parameters())
    assert {name: recorded[0].settings.get(name) for name in objective} == objective
    assert ("num_class" in recorded[0].settings) == ("num_class" in objective)


def test_without_validation_rows_the_trees_grow_to_the_last(fit: Fit, recorded: list[Grown]) -> None:
    fit_reference(make_numbered(400), make_numbered(0), fit(pd.DataFrame({"n": [0.5, 1.5]})), reference_parameters())
    assert (recorded[0].validation, recorded[0].patience) == (None, 0)


def test_the_logarithm_of_the_target_is_learnt_and_stopped_by(fit: Fit, recorded: list[Grown]) -> None:
    parts = [{**make_numbered(rows), "target": np.arange(rows, dtype=np.float32)} for rows in (400, 50)]
    fit_reference(*parts, fit(pd.DataFrame({"n": [0.5, 1.5]})), reference_parameters(target_scale="log"))
    np.testing.assert_allclose(recorded[0].learnt.label, np.log1p(np.arange(400)))
    np.testing.assert_allclose(recorded[0].validation.label, np.log1p(np.arange(50)))


def test_rows_and_classes_weigh_in_the_fit_and_where_it_stops(fit: Fit, recorded: list[Grown]) -> None:
    preprocessor = fit(pd.DataFrame({"n": [0.5, 1.5]}))
    train, validation = make_numbered(400), make_numbered(50)
    weighed = [{**rows, "weight": np.arange(len(rows["target"]), dtype=np.float32)} for rows in (train, validation)]
    fit_reference(train, validation, preprocessor, reference_parameters())
    fit_reference(train, validation, preprocessor, reference_parameters(class_weights="balanced"))
    fit_reference(*weighed, preprocessor, reference_parameters(max_rows=100))
    plain, balanced, by_row = recorded
    assert plain.learnt.weight is plain.validation.weight is None
    expected = compute_sample_weight("balanced", train["target"])
    np.testing.assert_allclose(balanced.learnt.weight, expected, rtol=1e-6)
    # Of mean 1 over all rows; the drawn ones keep theirs.
    np.testing.assert_allclose(by_row.learnt.weight, by_row.learnt.data[:, 0] / np.arange(400).mean(), rtol=1e-6)
    np.testing.assert_allclose(by_row.validation.weight, np.arange(50) / np.arange(50).mean(), rtol=1e-6)


def test_without_openmp_one_line_says_what_to_install(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str, *_: object) -> None:
        if name == "lightgbm":
            raise OSError("libgomp.so.1: cannot open shared object file")

    monkeypatch.delitem(sys.modules, "lightgbm")
    monkeypatch.setattr(sys, "meta_path", [SimpleNamespace(find_spec=find), *sys.meta_path])
    with pytest.raises(BoostingLibraryError, match=r"^reference: LightGBM .*libgomp1.*libomp.*reference\.name=none$"):
        fit_reference(make_numbered(9), make_numbered(9), fit(pd.DataFrame({"n": [0.5, 1.5]})), reference_parameters())
