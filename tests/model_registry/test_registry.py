"""Versions of a case, and when one becomes the champion."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from kedro.pipeline import Pipeline, node
from mlflow.entities import LoggedModelOutput
from mlflow.models import ModelSignature
from mlflow.protos.databricks_pb2 import TEMPORARILY_UNAVAILABLE
from mlflow.types import ColSpec, Schema

from casebook.config.schema import PromotionParameters
from casebook.hooks.registry import RegistryHook
from casebook.model_registry import registry
from casebook.model_registry.champion import NoChampionError, load_champion

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

SPLIT = {"strategy": "person", "promotion_share": 0.05}
PARAMETERS: dict[str, Any] = {"split": SPLIT, "task": "binary", "target": "y", "promotion": {"margin": 0.1}}
ROWS = pd.DataFrame({"x": np.linspace(0, 1, 40), "who": np.arange(40) // 2, "y": (np.arange(40) >= 20).astype(int)})
SETTINGS = PromotionParameters(key="who", metric="accuracy", margin=0.1, bootstrap=20)


@pytest.fixture
def make_run() -> Callable[..., Run]:
    def make(origin: str | None = "files", log_model: bool = True) -> Run:
        tags = {"data.fingerprint": "abc", "variant": "default", **({"data.origin": origin} if origin else {})}
        with mlflow.start_run(tags=tags) as run:
            mlflow.log_metrics({"test/auc": 0.91234567, "val/auc": 0.9})
            if log_model:
                # Without artifacts: what a model answers is played, and logging a real one takes seconds.
                client = mlflow.MlflowClient()
                model = client.create_logged_model(run.info.experiment_id, "model", run.info.run_id)
                client.finalize_logged_model(model.model_id, "READY")
                client.log_outputs(run.info.run_id, [LoggedModelOutput(model.model_id, 0)])
        return mlflow.get_run(run.info.run_id)

    return make


@pytest.fixture
def correct(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """How many of the promotion rows each version answers rightly, by number; the models themselves say nothing."""
    shares: dict[str, float] = {}

    def answer(version: ModelVersion, rows: pd.DataFrame) -> pd.DataFrame:
        assert list(rows.columns) == ["x", "who"]
        truth = (rows["x"] >= 0.5).astype(int)
        wrong = np.arange(len(rows)) >= shares[str(version.version)] * len(rows)
        return pd.DataFrame({"probability": 0.5, "class": np.where(wrong, 1 - truth, truth)})

    monkeypatch.setattr(registry, "predict_rows", answer)
    return shares


def judge(version: ModelVersion, settings: PromotionParameters = SETTINGS) -> registry.PromotionDecision:
    verdict = registry.decide_promotion(version, ROWS, "y", "binary", settings)
    registry.apply_decision(version, verdict, str(version.run_id))
    return verdict


def champion() -> str | None:
    found = registry.find_version("redhat")
    return found and str(found.version)


def test_a_finished_run_becomes_a_version_with_its_scores_data_and_split_and_the_newest_is_the_challenger(
    make_run: Callable[..., Run],
) -> None:
    run = make_run()
    registry.register_version("redhat", make_run(), PARAMETERS)
    version = registry.register_version("redhat", run, PARAMETERS)
    assert version.tags == {
        "data.origin": "files", "data.fingerprint": "abc", "variant": "default", "test/auc": "0.912346",
        "split.strategy": "person", "split.promotion_share": "0.05", "task": "binary", "target": "y",
        "run_id": run.info.run_id,
    }  # fmt: skip
    newest = registry.find_version("redhat", registry.CHALLENGER)
    assert newest is not None
    assert (str(newest.version), newest.run_id) == ("2", run.info.run_id)
    assert champion() is None


def test_a_run_without_a_model_has_nothing_to_register(make_run: Callable[..., Run]) -> None:
    with pytest.raises(ValueError, match="logged no model to register"):
        registry.register_version("redhat", make_run(log_model=False), PARAMETERS)


def test_champion_is_the_first_with_promotion_rows_and_then_whoever_is_better_by_the_margin(
    make_run: Callable[..., Run], correct: dict[str, float]
) -> None:
    correct |= {"1": 0.5, "2": 0.55, "3": 0.6, "4": 0.4}
    first, *later = (registry.register_version("redhat", make_run(), PARAMETERS) for _ in range(4))
    assert judge(first) == registry.PromotionDecision(
        True, "the first with promotion rows (40)", {"promotion/rows": 40}
    )
    by_half_a_margin, by_a_margin, worse = (judge(version) for version in later)
    assert not by_half_a_margin.promoted
    assert by_half_a_margin.reason.startswith("accuracy 0.55 against 0.5: better by 0.05 (95 %: ")
    assert by_half_a_margin.reason.endswith("of version 1 on 40 promotion rows; the margin is 0.1")
    assert by_a_margin.promoted
    assert by_a_margin.metrics["promotion/accuracy"] == 0.6
    assert by_a_margin.metrics["promotion/champion_accuracy"] == 0.5
    assert by_a_margin.metrics["promotion/difference_low"] <= by_a_margin.metrics["promotion/difference"]
    assert not worse.promoted
    assert "worse by 0.2" in worse.reason
    assert champion() == "3"
    tags = mlflow.MlflowClient().get_model_version("redhat", "4").tags
    assert tags["promotion"] == f"no champion: {worse.reason}"


def test_a_version_that_held_nothing_back_never_becomes_champion(make_run: Callable[..., Run]) -> None:
    version = registry.register_version("redhat", make_run(), PARAMETERS)
    verdict = registry.decide_promotion(version, ROWS.head(0), "y", "binary", SETTINGS)
    assert verdict == registry.PromotionDecision(False, "no rows were held back for it (split.promotion_share is 0)")


def test_a_run_of_unknown_data_never_becomes_champion(make_run: Callable[..., Run]) -> None:
    version = registry.register_version("redhat", make_run(origin=None), PARAMETERS)
    assert "nothing tells where its data came from" in judge(version).reason
    assert champion() is None


@pytest.mark.parametrize(("before", "after"), [("sample", "files"), ("files", "sample")])
def test_a_champion_of_one_origin_follows_on_another_only_when_that_is_said(
    make_run: Callable[..., Run], correct: dict[str, float], before: str, after: str
) -> None:
    correct |= {"1": 0.5, "2": 1.0}
    old, new = (registry.register_version("redhat", make_run(origin), PARAMETERS) for origin in (before, after))
    judge(old)
    refused = judge(new)
    assert not refused.promoted
    assert f"its data are of origin {after}, those of the champion (version 1) of origin {before}" in refused.reason
    assert "promotion.across_origins=true" in refused.reason
    assert judge(new, SETTINGS.model_copy(update={"across_origins": True})).promoted
    assert champion() == "2"


def test_the_champion_stays_when_the_two_cannot_be_compared(
    make_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> pd.DataFrame:
        raise KeyError("char_10")

    old, new = (registry.register_version("redhat", make_run(), PARAMETERS) for _ in range(2))
    judge(old)
    monkeypatch.setattr(registry, "predict_rows", fail)
    verdict = judge(new)
    assert verdict == registry.PromotionDecision(False, "it cannot be compared with version 1: KeyError: 'char_10'")
    assert champion() == "1"


def test_a_champion_whose_files_are_gone_is_told_with_what_to_do(make_run: Callable[..., Run]) -> None:
    judge(registry.register_version("redhat", make_run(), PARAMETERS))
    message = "files of version 1 of redhat cannot be read from .*: put them back, or give another version"
    with pytest.raises(NoChampionError, match=message):
        load_champion("redhat")


def test_a_model_that_another_run_has_registered_meanwhile_gets_a_version_more(
    make_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.register_version("redhat", make_run(), PARAMETERS)
    # As the other's first version came after the look and before the creation.
    monkeypatch.setattr(registry, "is_registered", lambda _: False)
    assert str(registry.register_version("redhat", make_run(), PARAMETERS).version) == "2"


def test_two_runs_that_end_at_once_are_judged_one_after_the_other(
    make_run: Callable[..., Run], correct: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    correct |= {"1": 0.5, "2": 0.9, "3": 0.7}
    first, better, worse = (registry.register_version("redhat", make_run(), PARAMETERS) for _ in range(3))
    judge(first)
    answer, answering, settled = registry.predict_rows, Event(), Event()

    def answer_slowly(version: ModelVersion, rows: pd.DataFrame) -> pd.DataFrame:
        if str(version.version) == "3":
            answering.set()
            settled.wait(0.5)
        return answer(version, rows)

    def stand(version: ModelVersion) -> None:
        registry.promote_if_better(version, ROWS, PARAMETERS | {"promotion": dict(SETTINGS)}, str(version.run_id))

    monkeypatch.setattr(registry, "predict_rows", answer_slowly)
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(stand, worse)
        assert answering.wait(10)
        pool.submit(stand, better).add_done_callback(lambda _: settled.set())
        slow.result()
    assert champion() == "2"


def pipeline_with(*outputs: str) -> Pipeline:
    return Pipeline([node(lambda: 0, None, name, name=f"make_{name}") for name in outputs], namespace="redhat")


def run_hook(pipeline: Pipeline, make_run: Callable[..., Run]) -> Run:
    """Let the hook see the end of a run, kedro-mlflow played by ending it."""
    hook = RegistryHook()
    hook.context = SimpleNamespace(params={"redhat": PARAMETERS})
    run = make_run()
    with mlflow.start_run(run_id=run.info.run_id):
        wrapper = hook.after_pipeline_run(pipeline, SimpleNamespace(load=lambda _: ROWS))
        next(wrapper)
    next(wrapper, None)
    return mlflow.get_run(run.info.run_id)


def test_the_run_is_told_what_became_of_its_model(make_run: Callable[..., Run]) -> None:
    tags = run_hook(pipeline_with("model", "promotion_rows"), make_run).data.tags
    assert tags["model.version"] == "1"
    assert tags["promotion"] == "champion: the first with promotion rows (40)"


def test_a_run_whose_promotion_rows_were_not_taken_is_registered_but_not_judged(make_run: Callable[..., Run]) -> None:
    tags = run_hook(pipeline_with("model"), make_run).data.tags
    assert tags["promotion"] == "no champion: the run took no promotion rows"


def test_a_part_of_a_run_that_makes_no_model_registers_none(make_run: Callable[..., Run]) -> None:
    assert "model.version" not in run_hook(pipeline_with("network"), make_run).data.tags
    assert registry.find_version("redhat", registry.CHALLENGER) is None


def test_the_models_page_says_what_the_aliases_mean_and_each_version_links_its_run(
    make_run: Callable[..., Run],
) -> None:
    run = make_run()
    version = registry.register_version("redhat", run, PARAMETERS)
    link = f"[{run.info.run_name}](#/experiments/{run.info.experiment_id}/runs/{run.info.run_id})"
    assert version.description == f"Of the run {link}, variant `default`. On its test rows: auc 0.9123."
    described = mlflow.MlflowClient().get_registered_model("redhat").description
    assert described.startswith("Models of the case `redhat`: each takes raw rows. `@champion` is the one in use")


class Halves(mlflow.pyfunc.PythonModel):
    """Answers half of x."""

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:  # noqa: ANN401, ARG002
        return pd.DataFrame({"prediction": model_input["x"] / 2})


def test_keys_beside_the_inputs_of_a_model_are_kept_from_it(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = Schema([ColSpec("double", "x")])
    with mlflow.start_run():
        logged = mlflow.pyfunc.log_model(
            name="model", python_model=Halves(), signature=ModelSignature(inputs), pip_requirements=[]
        )
    version = mlflow.register_model(logged.model_uri, "redhat")
    monkeypatch.setattr(logging.getLogger("mlflow"), "propagate", True)
    answers = registry.predict_rows(version, ROWS[["x", "who"]])
    assert answers["prediction"].tolist() == (ROWS["x"] / 2).tolist()
    assert "extra inputs" not in caplog.text


def test_a_store_that_cannot_be_asked_for_the_champion_makes_none(
    make_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    version = registry.register_version("redhat", make_run(), PARAMETERS)

    def fail(*_: object) -> None:
        raise mlflow.MlflowException("the server is away", TEMPORARILY_UNAVAILABLE)

    monkeypatch.setattr(mlflow.MlflowClient, "get_model_version_by_alias", fail)
    with pytest.raises(mlflow.MlflowException, match=r"^the server is away$"):
        judge(version)
