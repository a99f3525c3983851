"""The file with the winner of a case's study, which is the variant `best`."""

from __future__ import annotations

from pathlib import Path

import yaml

from casebook.config.paths import conf_source, project_root

BEST = "best"
NAME = f"parameters_{BEST}.yml"
# The file's first line ends and its last line begins so: one that was cut off is still YAML.
PROMISE, END = "; the next one replaces it. Its last line says that it is whole.", "# whole\n"


def local_configuration() -> Path:
    """Return the folder of what belongs to this place alone."""
    source = Path(conf_source())
    # An archive, or a store elsewhere, cannot be written to.
    return (source if source.is_dir() else project_root() / "conf") / "local"


def best_file(case: str) -> Path:
    """Return the file of a case's best variant."""
    return local_configuration() / case / NAME


def find_damaged_files() -> list[tuple[Path, str]]:
    """List the files of best variants that cannot be used, with the reason."""
    found = [(file, _explain_damage(file)) for file in local_configuration().glob(f"*/{NAME}")]
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
