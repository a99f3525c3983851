"""What is wrong with parameters, a line each: the dotted key, its value, and what is allowed."""

from __future__ import annotations

import difflib
from collections import defaultdict
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from pydantic import Tag

from casebook.config.command_line import find_typed
from casebook.config.yaml_text import write_value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from pydantic import BaseModel, ValidationError

# Keys that had other names until 2026-11-29, by their place below the case.
RENAMED_KEYS = {
    "preparation": "preprocessing",
    "preprocessing.nulls": "preprocessing.impute",
    "preprocessing.min_rows": "preprocessing.min_frequency",
    "preprocessing.fallback": "preprocessing.nearest_lower_within",
    "training.network.pieces": "training.network.piecewise_linear_bins",
    "training.network.members": "training.network.ensemble_size",
    "training.network.embedding.unknown_share": "training.network.embedding.category_dropout",
    "study.recycle": "study.max_trials_per_worker",
    "study.failures": "study.max_failed_share",
    "monitor.least_rows": "monitor.min_rows_per_week",
    "update.most_unknown": "update.max_unknown_share",
    "update.least_lead": "update.min_lead_share",
}
# Pydantic's words for types -> what to write.
WORDS = {
    "string_type": "must be a valid string: write it in quotes, an empty one as ''",
    "bool_type": "must be a valid boolean: true or false",
    "bool_parsing": "must be a valid boolean: true or false",
}


def explain_errors(
    model: type[BaseModel], case: str, error: ValidationError, typed: Mapping[str, str], mended: Collection[str] = ()
) -> Iterator[str]:
    """Explain what is wrong, a line for each leaf, and one for the keys of another kind of block.

    Args:
        model: that checked the case's parameters.
        case: its name.
        error: what it found.
        typed: leaves of the command line, as they were typed.
        mended: leaves whose faults are none.
    """
    problems: dict[tuple[str, ...], list[Any]] = defaultdict(list)
    foreign = _group_foreign_keys(model, error)
    for problem in error.errors():
        place = tuple(follow(model, problem["loc"])[0])
        if problem["type"] == "extra_forbidden" and place[-1] in foreign.get(place[:-1], {}):
            place = place[:-1]
        if not find_typed(place, dict.fromkeys(mended, "")):
            problems[place].append(problem)
    for place, found in problems.items():
        dotted = ".".join([case, *place])
        if place in foreign and found[0]["type"] == "extra_forbidden":
            yield f"{dotted}: {_explain_foreign_keys(foreign[place])}"
        else:
            yield _explain_leaf(model, case, dotted, place, found, typed)


def _explain_leaf(
    model: type[BaseModel],
    case: str,
    dotted: str,
    keys: Sequence[str],
    found: Sequence[Any],
    typed: Mapping[str, str],
) -> str:
    """Explain the faults of one leaf; those of the members of a union are its faults together."""
    problem = found[0]
    if problem["type"] == "extra_forbidden":
        _, block = follow(model, problem["loc"][:-1])
        return f"{dotted}: unknown key; {_suggest_keys(case, keys, list(getattr(block, 'model_fields', {})))}"
    if problem["type"] == "missing":
        return f"{dotted}: missing; give it in conf/base/{case}/parameters.yml"
    messages = list(dict.fromkeys(map(_write_message, found)))
    message = " or ".join([messages[0], *(each.removeprefix("must be ") for each in messages[1:])])
    value = "" if isinstance(problem["input"], dict) else f" = {_write_input(keys, problem['input'], typed)}"
    return f"{dotted}{value}: {message}"


def _write_message(problem: Mapping[str, Any]) -> str:
    said = str(problem["msg"]).removeprefix("Value error, ").replace("Input should be", "must be")
    return WORDS.get(problem["type"], said)


def _write_input(keys: Sequence[str], value: Any, typed: Mapping[str, str]) -> str:  # noqa: ANN401 - any input
    """Write what a leaf was given: as it was typed, where it was read as something that is written otherwise."""
    name = find_typed(keys, typed)
    if name == ".".join(keys) and not isinstance(value, str) and typed[name] != write_value(value):
        return repr(typed[name])
    return repr(value)


def _group_foreign_keys(model: type[BaseModel], error: ValidationError) -> dict[tuple[str, ...], dict[str, str]]:
    """Find the unknown keys that another member of the same union has -> by block, the member of each key."""
    found: dict[tuple[str, ...], dict[str, str]] = defaultdict(dict)
    for problem in error.errors():
        if problem["type"] != "extra_forbidden" or len(problem["loc"]) == 1:
            continue
        *above, tag, key = map(str, problem["loc"])
        block, union = follow(model, above)
        for member in get_args(union):
            others = _tags(member)
            if others and tag not in others and key in get_args(member)[0].model_fields:
                found[tuple(block)][key] = others[0]
                break
        own: Collection[str] = next(
            (get_args(member)[0].model_fields for member in get_args(union) if tag in _tags(member)), {}
        )
        if difflib.get_close_matches(key, own, n=1):
            # A slip as any other, whatever another kind of block may call its keys.
            found[tuple(block)].pop(key, None)
    return {block: keys for block, keys in found.items() if keys}


def _explain_foreign_keys(keys: Mapping[str, str]) -> str:
    kinds = " or ".join(dict.fromkeys(keys.values()))
    several = len(keys) > 1
    return (
        f"{', '.join(keys)} {'are keys' if several else 'is a key'} of the kind {kinds}: leave "
        f"{'them' if several else 'it'} out, or name that kind"
    )


def _suggest_keys(case: str, keys: Sequence[str], known: Sequence[str]) -> str:
    """Name what may stand in place of an unknown key: its new name, else the keys of the block."""
    renamed = RENAMED_KEYS.get(".".join(keys))
    if renamed:
        return f"it is called {case}.{renamed} now"
    near = difflib.get_close_matches(keys[-1], known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"{hint}the keys here are {', '.join(sorted(known))}"


def follow(model: Any, path: Iterable[int | str]) -> tuple[list[str], Any]:  # noqa: ANN401 - a class, or a leaf's type
    """Follow the path of an error -> its keys without the members of unions, and the type that it leads to."""
    keys: list[str] = []
    for key in map(str, path):
        model = _unwrap_optional(model)
        tagged = next((part for part in get_args(model) if key in _tags(part)), None)
        if tagged is not None:
            model = get_args(tagged)[0]
        elif _is_union(model):
            # A member of a plain union is named by its type; what lies below it is not followed.
            model = None
        else:
            keys.append(key)
            model = _below(model, key)
    return keys, _unwrap_optional(model)


def _unwrap_optional(model: Any) -> Any:  # noqa: ANN401 - any type
    """Return the type beside None, which an error's path does not name."""
    members = [member for member in get_args(model) if member is not type(None)]
    optional = get_origin(model) in {Union, UnionType} and len(members) == 1
    return members[0] if optional else model


def _below(model: Any, key: str) -> Any:  # noqa: ANN401 - any type
    """Return the type of a block's field, or of the values of a mapping or list."""
    fields = getattr(model, "model_fields", {})
    if key in fields:
        return fields[key].annotation
    values = get_args(model)
    return values[-1] if get_origin(model) in {dict, list} else None


def _is_union(model: Any) -> bool:  # noqa: ANN401 - any type
    return get_origin(model) in {Union, UnionType} and not any(_tags(member) for member in get_args(model))


def _tags(member: Any) -> list[str]:  # noqa: ANN401 - a member of a union, annotated or not
    return [part.tag for part in get_args(member) if isinstance(part, Tag)]
