"""The measured parts of setting up and looking around, each in a file of its own, together the part `setup`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from parts_setup_install import measure_install
from parts_setup_runs import measure_runs
from parts_setup_ui import measure_ui

if TYPE_CHECKING:
    from pathlib import Path

Figures = dict[str, Any]

# Each gets a folder of its own; its figures stand under its name.
MEASURED = {"install": measure_install, "ui": measure_ui, "runs": measure_runs}


def measure_setup(_raw: Path, scratch: Path, _variant: str) -> Figures:
    """Measure everything about a fresh machine."""
    figures: Figures = {}
    for name, measure in MEASURED.items():
        folder = scratch / name
        folder.mkdir(parents=True, exist_ok=True)
        figures[name] = measure(folder)
    return figures


SETUP_PARTS = {"setup": measure_setup}
