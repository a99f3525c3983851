"""Where a declared case's files lie, and what it may be called."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from casebook.cases.declared import PARAMETERS
from casebook.cases.registry import JOBS
from casebook.config.paths import conf_source, project_root, raw_folder
from casebook.runtime.atomic_files import atomic_write
from casebook.schema_inference.errors import SchemaInferenceError
from casebook.schema_inference.reading import to_identifier

if TYPE_CHECKING:
    from collections.abc import Collection

NAME = re.compile(r"[a-z][a-z0-9_]*")
ENDINGS = tuple(f"_{job}" for job in JOBS)


def check_name(name: str, taken: Collection[str]) -> str:
    """Return the name of a new case.

    Args:
        name: as it was given, or made of the file's.
        taken: names of cases with Python of their own.

    Raises:
        SchemaInferenceError: a pipeline cannot be called so, or another case is.
    """
    if not NAME.fullmatch(name):
        raise SchemaInferenceError(
            f"{name!r} is no name for a case: give small letters, digits and _, as in --name {to_identifier(name)}"
        )
    if name in taken or name.endswith(ENDINGS):
        why = "is a case of this project" if name in taken else "ends as the pipelines of another case do"
        raise SchemaInferenceError(f"{name} {why}; give another --name, as in {name.rstrip('_')}_own")
    return name


def parameters_file(case: str, environment: str) -> Path:
    """Return where a case's parameters stand in an environment."""
    return Path(conf_source()) / environment / case / PARAMETERS


def name_file(path: Path, case: str) -> str:
    """Write a file's place as a run looks for it: in the case's raw folder, below the project, else in full."""
    whole = path.expanduser().absolute()
    for folder in (raw_folder(case), project_root()):
        if whole.is_relative_to(folder):
            return whole.relative_to(folder).as_posix()
    return str(whole)


def write_parameters(text: str, place: Path, replace: bool) -> None:
    """Write a case's parameters, whole or not at all.

    Raises:
        SchemaInferenceError: the file is there and is not to be replaced.
    """
    refuse_replacing(place, replace)
    with atomic_write(place) as file:
        file.write_text(text, encoding="utf-8")


def refuse_replacing(place: Path, replace: bool) -> None:
    """Refuse to write over a file.

    Raises:
        SchemaInferenceError: it is there.
    """
    if place.exists() and not replace:
        raise SchemaInferenceError(f"{place} is there already; give --force to replace it, or another --name")
