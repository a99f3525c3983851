"""Parameters of the command line: from `--params` to a tree, and from what was typed to values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casebook.config.tree import Tree, flatten, unflatten
from casebook.config.yaml_text import read_value, write_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LISTS = "a list is written as one word: columns=age+bmi, hidden=512x256"


class CommandLineError(ValueError):
    """What was typed behind `--params` names no parameters; the message quotes it."""


def read_parameters(typed: Iterable[str]) -> Tree:
    """Read `key=value,key=value` as a tree.

    Args:
        typed: behind each `--params`.

    Returns:
        Values where they are written as they are typed (5, true), else the text itself, for the schema to read.

    Raises:
        CommandLineError: a part without `=`, without a key, or a key that is given twice or below another.
    """
    given: dict[str, str] = {}
    for part in (part.strip() for words in typed for part in words.split(",") if part.strip()):
        key, equals, text = (word.strip() for word in part.partition("="))
        if not equals:
            raise CommandLineError(f"`{part}` must be a key and a value separated by `=`; {LISTS}")
        if not all(word.strip() for word in key.split(".")):
            raise CommandLineError(f"`{part}` has no dotted key in front of `=`, as in pima.training.epochs=5")
        if key in given:
            raise CommandLineError(f"{key} is given twice, as {given[key]} and as {text}: keep one of them")
        given[key] = text
    for key in given:
        if above := next((other for other in given if key.startswith(f"{other}.")), None):
            raise CommandLineError(f"{above}={given[above]} and {key}={given[key]} contradict each other: keep one")
    return unflatten({key: _read_plain(text) for key, text in given.items()})


def _read_plain(text: str) -> Any:  # noqa: ANN401 - a scalar
    value = read_value(text)
    return value if not isinstance(value, list | dict) and write_value(value) == text else text


def interpret(given: Mapping[str, Any]) -> tuple[Tree, dict[str, str]]:
    """Read the leaves of what was given for a case -> the tree of values, and what was typed by dotted name."""
    typed = {name: write_value(value) for name, value in flatten(given).items() if not isinstance(value, list | dict)}
    values = {name: read_value(value) if isinstance(value, str) else value for name, value in flatten(given).items()}
    return unflatten(values), typed


def find_typed(path: Iterable[str], typed: Mapping[str, str]) -> str:
    """Find the leaf of the command line that a place in the parameters is or lies below; nothing where none is."""
    words = tuple(path)
    names = (".".join(words[:length]) for length in range(len(words), 0, -1))
    return next((name for name in names if name in typed), "")
