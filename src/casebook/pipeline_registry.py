"""The pipelines that `kedro run --pipeline=...` knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.cases import CASES, load_case

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline


def register_pipelines() -> dict[str, Pipeline]:
    """Register one pipeline a case; without a name the first case runs."""
    pipelines = {name: load_case(name).create_pipeline() for name in CASES}
    return {"__default__": pipelines[CASES[0]], **pipelines}
