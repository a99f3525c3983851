"""The file with the winner of a case's study, which is the variant `best`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from casebook.config.paths import best_variant_file

if TYPE_CHECKING:
    from pathlib import Path

BEST = "best"
# The file's first line ends and its last line begins so: one that was cut off is still YAML.
PROMISE, END = "; the next one replaces it. Its last line says that it is whole.", "# whole\n"


def find_damaged_files() -> list[tuple[Path, str]]:
    """List the files of best variants that cannot be used, with the reason."""
    found = [(file, _explain_damage(file)) for file in best_variant_file("*").parents[1].glob("*/parameters_best.yml")]
    return [(file, why) for file, why in found if why]


def _explain_damage(file: Path) -> str:
    """Return what is wrong with a file; nothing where it is whole."""
    try:
        text = file.read_text()
        # In C: this is read before each run.
        tree = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
        tree[file.parent.name]["variants"][BEST].items()
    except (OSError, ValueError, yaml.YAMLError, LookupError, TypeError, AttributeError) as error:
        return "empty" if file.exists() and not file.stat().st_size else f"damaged: {' '.join(str(error).split())}"
    return "cut off" if PROMISE in text and not text.endswith(END) else ""
