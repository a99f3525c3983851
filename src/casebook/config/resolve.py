"""Resolution of parameters: base < environment < variant < command line, then validation of types and ranges."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from casebook.cases.own_code import own_sources
from casebook.cases.presets import PRESET, preset_leaves
from casebook.cases.registry import CASES, known_cases, load_case, load_parameters_class
from casebook.cases.size_defaults import defaults_of
from casebook.config.best_file import BEST
from casebook.config.command_line import find_typed, interpret
from casebook.config.error_lines import RENAMED_KEYS, explain_errors, follow
from casebook.config.paths import best_variant_file
from casebook.config.schema import ADDED_CONDITIONS, FREE_MAPPINGS, NOT_CONDITIONS
from casebook.config.tree import Tree, differ, look_up, merge, unflatten
from casebook.config.yaml_text import NOTHING, read_yaml, write_value

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from casebook.config.schema import CaseParameters
    from casebook.preprocessing.feature_functions import FeatureSources

__all__ = [
    "BEST",
    "DEFAULT",
    "RENAMED_KEYS",
    "InvalidParametersError",
    "check_case",
    "resolve_case",
    "resolve_parameters",
]

TREES = "training.ensemble.reference"
DEFAULT = "default"
COLUMN_KEYED = ("columns", "encoding", "impute", "clip", "nearest_lower_within")


class InvalidParametersError(ValueError):
    """Invalid parameters; the message names each dotted key, its value and what is allowed."""


def resolve_parameters(configured: Mapping[str, Any], command_line: Mapping[str, Any]) -> Tree:
    """Resolve each case's variant and the command line, and validate the result.

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
    for case, given in command_line.items():
        if not isinstance(given, dict):
            raise InvalidParametersError(f"{case} = {given!r}: give a leaf below it, as in {case}.training.epochs=5")
    return {
        case: resolve_case(case, tree, command_line.get(case, {}))
        for case, tree in configured.items()
        # Of a case that this run does not read, only the command line's parameters are there.
        if tree != command_line.get(case)
    }


def resolve_case(case: str, tree: Mapping[str, Any], command_line: Mapping[str, Any]) -> Tree:
    """Apply the variant of one case, then the command line once more, and check the result."""
    given, typed = interpret(command_line)
    by_variant = _lay_variant(tree, given, typed)
    defaults = defaults_of(case, by_variant) if isinstance(by_variant.get("data"), dict) else {}
    # Kedro has merged the command line into the tree already: a preset of its counts once, over everything below.
    named = look_up(given, PRESET, None)
    tree = _apply_preset(case, defaults, tree, None if named else look_up(tree, PRESET, None))
    merged = merge(tree, given)
    variant = _name_variant(merged, typed)
    if variant != DEFAULT:
        stated = tree.get("variants")
        variants = {**(read_best(case) if variant == BEST else {}), **(stated if isinstance(stated, dict) else {})}
        if variant == BEST and BEST not in variants:
            command = f"kedro run --pipeline={case}_study"
            raise InvalidParametersError(f"{case}.variant: there is no variant best yet; a study writes it: {command}")
        _refuse_unknown(f"{case}.variant", [variant], [DEFAULT, *variants], kind="variant")
        chosen = variants[variant]
        if not isinstance(chosen, dict):
            told = "give the keys that it replaces and their values"
            raise InvalidParametersError(f"{case}.variants.{variant} = {chosen!r}: {told}")
        merged = merge(merged, preset_leaves(None if named else look_up(chosen, PRESET, None), merged))
        merged = merge(merge(merged, chosen, FREE_MAPPINGS | _blocks_of_winner(case, variant, chosen)), given)
        merged["variants"] = variants
    merged = merge(merge(merged, preset_leaves(named, merged)), given)
    if look_up(given, "reference.name", None) == "none" and look_up(given, TREES, None) is None:
        # What is left out is left out of the ensemble too.
        merged = merge(merged, {"training": {"ensemble": {"reference": False}}})
    return check_case(case, merged, typed)


def _lay_variant(tree: Mapping[str, Any], given: Mapping[str, Any], typed: Mapping[str, str]) -> Tree:
    """Lay the chosen variant and the command line over a case's YAML, by which its defaults go."""
    merged = merge(tree, given)
    variants = merged.get("variants")
    chosen = variants.get(_name_variant(merged, typed)) if isinstance(variants, dict) else None
    return merge(merge(tree, chosen), given) if isinstance(chosen, dict) else merged


def _name_variant(merged: Mapping[str, Any], typed: Mapping[str, str]) -> str:
    """Return the name of the chosen variant, as it was typed."""
    return typed.get("variant", write_value(merged.get("variant", DEFAULT)))


def _apply_preset(case: str, defaults: Tree, tree: Mapping[str, Any], name: object) -> Tree:
    """Lay a case's YAML over its defaults, and what a preset of that name sets in its place.

    What a user's own YAML says beside the preset goes before it; a case of the project says its recipe there, and the
    preset goes before that.
    """
    if case in CASES:
        merged = merge(defaults, tree)
        return merge(merged, preset_leaves(name, merged))
    return merge(merge(defaults, preset_leaves(name, defaults)), tree)


def read_best(case: str) -> Tree:
    """Read what a study wrote, whichever environment it or this command is of -> `best` and its leaves, if anything."""
    file = best_variant_file(case)
    if not file.is_file():
        return {}
    variants: Tree = look_up(read_yaml(file.read_text(encoding="utf-8"), str(file)), f"{case}.variants", {})
    return variants


def _blocks_of_winner(case: str, variant: str, chosen: Collection[str]) -> set[str]:
    """Name the blocks that a winner carries whole, so that nothing of this environment is left below them.

    One of an earlier version carries no more than what was searched, and is a variant as any other.
    """
    conditions = load_parameters_class(case).model_fields.keys() - NOT_CONDITIONS - ADDED_CONDITIONS
    carried = set(conditions) | (ADDED_CONDITIONS & set(chosen))
    return carried if variant == BEST and conditions <= set(chosen) else set()


def list_differences(case: str, parameters: Mapping[str, Any]) -> list[str]:
    """List where parameters differ from those of the winner that they name: `key: the winner's -> these`."""
    winner = parameters["variants"].get(BEST, {})
    fields = load_parameters_class(case).model_fields.keys() - NOT_CONDITIONS - (ADDED_CONDITIONS - set(winner))
    found, own = ({name: tree[name] for name in fields if name in tree} for tree in (winner, parameters))
    return [f"{case}.{name}: {before!r} -> {now!r}" for name, before, now in differ(found, own)]


def check_case(case: str, tree: Mapping[str, Any], typed: Mapping[str, str] | None = None) -> Tree:
    """Check one case's merged parameters and fill in defaults.

    Args:
        case: its name.
        tree: the merged parameters.
        typed: leaves of the command line, as they were typed: a text like 2024 was read as a number, and stays a text
            where one is asked for.
    """
    checked = _validate(case, tree, typed or {})
    declared = checked.get("data")
    sources = own_sources(case, declared.get("columns", ())) if declared else load_case(case).feature_sources
    if sources is None:
        # What columns there are the files of a declared case tell; see `stages.declared`.
        return checked
    named = {f"preprocessing.{block}": checked["preprocessing"].get(block, ()) for block in COLUMN_KEYED}
    for block, names in named.items():
        _refuse_unknown(f"{case}.{block}", names, sources, kind="feature column")
    _check_leaks(f"{case}.leaks", checked["leaks"], sources)
    if checked["weight"] in sources:
        raise InvalidParametersError(f"{case}.weight: {checked['weight']} is a feature, and a weight is none")
    return checked


def _validate(case: str, tree: Mapping[str, Any], typed: Mapping[str, str]) -> Tree:
    """Check types, ranges and keys; what was typed and does not fit as it was read is tried as a text."""
    model = load_parameters_class(case)
    try:
        return _dump(model.model_validate(tree))
    except ValidationError as error:
        texts = {name: typed[name] for name in _typed_places(model, error, typed) if typed[name] != NOTHING}
        try:
            return _dump(model.model_validate(merge(tree, unflatten(texts))))
        except ValidationError as left:
            mended = texts.keys() - _typed_places(model, left, typed)
            # Of what must be a text, the fault is that of the text.
            wrong = left if _typed_places(model, error, typed, "string_type") == texts.keys() else error
            lines = list(explain_errors(model, case, wrong, typed, mended))
            # As texts all of them fit, and something else does not.
            raise InvalidParametersError("\n".join(lines or explain_errors(model, case, left, typed))) from None


def _dump(checked: CaseParameters) -> Tree:
    tree: Tree = checked.model_dump(mode="json")
    return tree


def _typed_places(
    model: type[CaseParameters], error: ValidationError, typed: Mapping[str, str], kind: str = ""
) -> set[str]:
    """Find the leaves of the command line that an error, or its problems of one kind, are about."""
    problems = [problem for problem in error.errors() if kind in {"", problem["type"]}]
    return {find_typed(follow(model, problem["loc"])[0], typed) for problem in problems} - {""}


def _check_leaks(place: str, leaks: Collection[str], sources: FeatureSources) -> None:
    """Raise for leaks that are not raw columns of features."""
    raw_columns = sorted({raw for columns in sources.values() for raw in columns})
    for name in leaks:
        if name in sources and name not in raw_columns:
            raise InvalidParametersError(
                f"{place}: {name} is a feature, and leaks are named by raw column, which closes them for all features "
                f"made of it: give {' or '.join(sources[name])}; there are {', '.join(raw_columns)}"
            )
    _refuse_unknown(place, leaks, raw_columns, kind="raw column")


def _refuse_unknown(place: str, given: Collection[str], known: Collection[str], kind: str = "case") -> None:
    """Raise for unknown keys, with the nearest known ones."""
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            where = f"{place}: " if place else ""
            raise InvalidParametersError(
                f"{where}there is no {kind} {name!r}{hint}; there are {', '.join(sorted(known))}"
            )
