"""MNIST: which digit somebody has written, from an image of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.cases.registry import Case, NewRows
from casebook.pipelines.mnist.columns import FEATURE_SOURCES
from casebook.pipelines.mnist.nodes import frame_pixels, take_images
from casebook.pipelines.mnist.pipeline import create_pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_sample(size: Mapping[str, int], folder: Path) -> dict[str, dict[str, float]]:
    """Generate the file; see `synthetic_data.mnist`."""
    from casebook.synthetic_data import mnist

    sample = mnist.generate_sample(size["train"], size["test"], size["seed"])
    mnist.write_sample(sample, folder)
    return mnist.best_reachable(sample)


CASE = Case(
    name="mnist",
    files=("mnist.npz",),
    optional_files=(),
    feature_sources=FEATURE_SOURCES,
    create_pipeline=create_pipeline,
    write_sample=write_sample,
    fetch="keras:mnist",
    labelled="raw_digits",
    new_rows=NewRows("mnist.npz", {"row": "key", "digit": "class"}, take=frame_pixels, take_arrays=take_images),
)
