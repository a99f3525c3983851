"""What Rossmann's graph has beside the declared stages: its own figures."""

from __future__ import annotations

from kedro.pipeline import Pipeline

from casebook.pipelines.rossmann.figures import draw_sales
from casebook.stages import stage


def create_pipeline() -> Pipeline:
    """Wire the figures of a sales forecast."""
    return Pipeline(
        [
            stage(
                "figures",
                draw_sales,
                ["test_predictions", "feature_table", "split_assignment"],
                ["own_figures", "own_tables"],
                background=True,
            ),
        ]
    )
