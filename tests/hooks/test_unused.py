"""What is typed and taken by nothing is told."""

from __future__ import annotations

import pytest

from casebook.hooks.unused import tell_unused
from casebook.pipeline_registry import register_pipelines

SAID = "nothing that this command runs goes by it"


@pytest.mark.parametrize(
    ("pipeline", "given", "unused"),
    [
        ("pima_predict", {"evaluation": {"threshold": 0.9}, "predict": {"file": "a"}}, ["pima.evaluation.threshold"]),
        ("pima_predict", {"training": {"epochs": 7}, "data": {"new_rows": {"key": "age"}}}, ["pima.training.epochs"]),
        ("pima_predict", {"keep_runs": {"finished": 1}, "variant": "folds"}, []),
        ("pima_monitor", {"monitor": {"drop": 0.1}, "predict": {"explain": 1}}, ["pima.predict.explain"]),
        ("pima_update", {"training": {"epochs": 8}, "folds": {"of": "all"}}, ["pima.folds.of"]),
        ("pima", {"training": {"epochs": 7}, "preprocessing": {"impute": {"age": "mean"}}, "folds": {"count": 2}}, []),
        ("pima", {"update": {"file": "a.csv"}, "reference": {"name": "none"}}, ["pima.update.file"]),
    ],
)  # fmt: skip
def test_parameters_that_no_running_node_takes_are_told(
    pipeline: str, given: dict[str, object], unused: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    pipelines = {name: each for name, each in register_pipelines().items() if name.partition("_")[0] == "pima"}
    assert tell_unused("pima", given, [pipelines[pipeline]], pipelines.values()) == unused
    assert [message.partition("=")[0] for message in caplog.messages] == unused
    assert all(message.endswith(SAID) for message in caplog.messages)
