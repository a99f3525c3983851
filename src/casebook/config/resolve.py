"""From configuration to checked parameters: base < environment < variant < command line, then types and ranges."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, get_args

from pydantic import Tag, ValidationError

from casebook.cases.registry import known_cases, load_case, parameters_of
from casebook.cases.size_defaults import defaults_of
from casebook.config.schema import FREE_MAPPINGS
from casebook.config.tree import Tree, overlay

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from casebook.preprocessing.feature_functions import FeatureSources

DEFAULT = "default"
# The variant that a study writes.
BEST = "best"
NAMING_COLUMNS = ("columns", "encoding", "impute", "clip", "nearest_lower_within")


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


class InvalidParametersError(ValueError):
    """Parameters that cannot be used; the message names each dotted key, its value and what is allowed."""


def resolve_parameters(configured: Mapping[str, Any], command_line: Mapping[str, Any]) -> Tree:
    """Apply each case's variant and the command line, and check the result.

    Args:
        configured: base and environment merged, one top key a case (the command line may already be in it).
        command_line: what `--params` gave, as a tree.

    Returns:
        Plain values: every leaf of every case, defaults filled in.

    Raises:
        InvalidParametersError: an unknown case, variant or key, a wrong type, or a value out of range.
    """
    cases = known_cases()
    _refuse_unknown("", command_line, cases)
    _refuse_unknown("", configured, cases)
    return {
        case: resolve_case(case, tree, command_line.get(case, {}))
        for case, tree in configured.items()
        # Of a case that this run does not read, nothing but what the command line says of it is there.
        if tree != command_line.get(case)
    }


def resolve_case(case: str, tree: Mapping[str, Any], command_line: Mapping[str, Any]) -> Tree:
    """Apply the variant of one case, then the command line once more, and check the result."""
    if not isinstance(command_line, dict):
        raise InvalidParametersError(f"{case} = {command_line!r}: give a leaf below it, as in {case}.training.epochs=5")
    merged = overlay(tree, command_line)
    if isinstance(merged.get("data"), dict):
        defaults = defaults_of(case, merged)
        tree, merged = overlay(defaults, tree), overlay(defaults, merged)
    variant = merged.get("variant", DEFAULT)
    if variant != DEFAULT:
        variants = tree.get("variants") or {}
        if variant == BEST and BEST not in variants:
            command = f"kedro run --pipeline={case}_study"
            raise InvalidParametersError(f"{case}.variant: there is no variant best yet; a study writes it: {command}")
        _refuse_unknown(f"{case}.variant", [str(variant)], [DEFAULT, *variants], kind="variant")
        merged = overlay(overlay(merged, variants[variant], FREE_MAPPINGS), command_line)
    return check_case(case, merged)


def check_case(case: str, tree: Mapping[str, Any]) -> Tree:
    """Check one case's merged parameters and fill in defaults."""
    declared = load_case(case)
    try:
        checked: Tree = parameters_of(case).model_validate(tree).model_dump(mode="json")
    except ValidationError as error:
        raise InvalidParametersError("\n".join(_explain(case, error))) from None
    if declared.feature_sources is None:
        # What columns there are its files tell; see `stages.declared`.
        return checked
    named = {f"preprocessing.{block}": checked["preprocessing"].get(block, ()) for block in NAMING_COLUMNS}
    for block, names in named.items():
        _refuse_unknown(f"{case}.{block}", names, declared.feature_sources, kind="feature column")
    _check_leaks(f"{case}.leaks", checked["leaks"], declared.feature_sources)
    return checked


def _check_leaks(place: str, leaks: Collection[str], sources: FeatureSources) -> None:
    """Raise for leaks that are not named by a raw column that features are made of."""
    raw_columns = sorted({raw for columns in sources.values() for raw in columns})
    for name in leaks:
        if name in sources and name not in raw_columns:
            raise InvalidParametersError(
                f"{place}: {name} is a feature, and leaks are named by raw column, which closes them for all features "
                f"made of it: give {' or '.join(sources[name])}; there are {', '.join(raw_columns)}"
            )
    _refuse_unknown(place, leaks, raw_columns, kind="raw column")


def _refuse_unknown(place: str, given: Collection[str], known: Collection[str], kind: str = "case") -> None:
    """Raise for names that do not exist, with the nearest that do."""
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            where = f"{place}: " if place else ""
            raise InvalidParametersError(
                f"{where}there is no {kind} {name!r}{hint}; there are {', '.join(sorted(known))}"
            )


def _explain(case: str, error: ValidationError) -> Iterator[str]:
    """List what is wrong, a line each: dotted key, value, what is allowed."""
    for problem in error.errors():
        keys, _ = _follow(parameters_of(case), problem["loc"])
        dotted = ".".join([case, *keys])
        if problem["type"] == "extra_forbidden":
            _, block = _follow(parameters_of(case), problem["loc"][:-1])
            yield f"{dotted}: unknown key; {_name_known(case, keys, list(getattr(block, 'model_fields', {})))}"
        elif problem["type"] == "missing":
            yield f"{dotted}: missing; give it in conf/base/{case}/parameters.yml"
        else:
            message = problem["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
            value = "" if isinstance(problem["input"], dict) else f" = {problem['input']!r}"
            yield f"{dotted}{value}: {message}"


def _name_known(case: str, keys: Sequence[str], known: Sequence[str]) -> str:
    """Name what may stand in place of an unknown key: its new name, else the keys of the block."""
    renamed = RENAMED_KEYS.get(".".join(keys))
    if renamed:
        return f"it is called {case}.{renamed} now"
    near = difflib.get_close_matches(keys[-1], known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"{hint}the keys here are {', '.join(sorted(known))}"


def _follow(model: Any, path: Iterable[int | str]) -> tuple[list[str], Any]:  # noqa: ANN401 - a class, or a leaf's type
    """Follow the path of an error -> its keys without the tags of unions, and the type that it leads to."""
    keys = []
    for key in map(str, path):
        member = next((part for part in get_args(model) if key in _tags(part)), None)
        if member is None:
            keys.append(key)
            field = getattr(model, "model_fields", {}).get(key)
            model = field.annotation if field else None
        else:
            model = get_args(member)[0]
    return keys, model


def _tags(member: Any) -> list[str]:  # noqa: ANN401 - a member of a union, annotated or not
    return [part.tag for part in get_args(member) if isinstance(part, Tag)]
