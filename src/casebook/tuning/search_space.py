"""The search space: a tree shaped like the parameters, whose leaves describe hyperparameters."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from casebook.config.resolve import RENAMED_KEYS
from casebook.config.tree import look_up
from casebook.tuning.conditions import check_conditions
from casebook.tuning.hyperparameters import (
    CategoricalHyperparameter,
    Hyperparameter,
    NumberHyperparameter,
    Scalar,
    SpaceError,
    WidthsHyperparameter,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from optuna.trial import BaseTrial

Tree = dict[str, Any]
# The word that says which kind of leaf it is, and what may stand beside it.
KINDS = {
    "float": {"log", "step", "when"},
    "int": {"log", "step", "when"},
    "choice": {"when"},
    "widths": {"when"},
}
WIDTHS = {"depth", "width", "each"}


def read_space(
    case: str, tree: Mapping[str, Any], parameters: Mapping[str, Any], open_keys: Collection[str]
) -> list[Hyperparameter]:
    """Parse a search space and validate it against the parameters that it varies.

    Args:
        case: its name, the first word of every dotted name.
        tree: the space.
        parameters: the case's parameters.
        open_keys: names of mappings in them that may get new keys.

    Returns:
        Its hyperparameters, each after those that its conditions name.

    Raises:
        SpaceError: a leaf that the parameters do not have, or a description that makes no sense.
    """
    leaves = [
        _read_leaf(f"{case}.{path}", spec) for path, spec in _walk(tree, parameters, open_keys, f"{case}.study.space")
    ]
    check_conditions(leaves, parameters, open_keys)
    return _sort_by_conditions(leaves, case)


def _walk(
    tree: Mapping[str, Any],
    parameters: Any,  # noqa: ANN401
    open_keys: Collection[str],
    place: str,
    prefix: str = "",
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the path and description of each hyperparameter; refuse keys that the parameters do not have."""
    for key, below in tree.items():
        if not isinstance(parameters, dict | None):
            raise SpaceError(f"{place} has {key}: a leaf is described by one of {', '.join(KINDS)}")
        known = parameters or {}
        # An environment cannot take a leaf out of the space below it; it can say that it does not vary.
        if below is None:
            continue
        if key not in known and prefix.rstrip(".").split(".")[-1] not in open_keys:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f" (did you mean {near[0]}?)" if near else f"; there are {', '.join(sorted(known))}" if known else ""
            renamed = RENAMED_KEYS.get(prefix + key)
            hint = f"; it is called {renamed} now" if renamed else hint
            raise SpaceError(f"{place}.{key}: the parameters have no such key{hint}")
        if not isinstance(below, dict) or not below:
            raise SpaceError(f"{place}.{key} = {below!r}: say what may stand here, as in {{choice: [1, 2]}}")
        if KINDS.keys() & below.keys():
            yield prefix + key, below
        else:
            yield from _walk(below, known.get(key), open_keys, f"{place}.{key}", f"{prefix}{key}.")


def _read_leaf(name: str, spec: Any) -> Hyperparameter:  # noqa: ANN401 - what stands there
    """Parse the description of one hyperparameter."""
    if not isinstance(spec, dict):
        raise SpaceError(f"{name} = {spec!r}: describe it by one of {', '.join(KINDS)}, as in {{choice: [1, 2]}}")
    kinds = [kind for kind in KINDS if kind in spec]
    others = spec.keys() - set(kinds)
    if len(kinds) != 1 or not others <= KINDS[kinds[0]]:
        allowed = "; ".join(f"{kind} with {', '.join(sorted(words))}" for kind, words in KINDS.items())
        raise SpaceError(f"{name}: {', '.join(spec)} do not go together; a leaf is one of {allowed}")
    when = _read_conditions(name, spec.get("when") or {})
    if kinds[0] == "choice":
        return CategoricalHyperparameter(name, _read_choices(name, spec["choice"]), when)
    if kinds[0] == "widths":
        return _read_widths(name, spec["widths"], when)
    return _read_number(name, kinds[0], spec, when)


def _read_number(
    name: str, kind: str, spec: Mapping[str, Any], when: Mapping[str, tuple[Any, ...]]
) -> NumberHyperparameter:
    numbers = int if kind == "int" else int | float
    bounds, step, log = spec[kind], spec.get("step"), _read_flag(name, spec, "log")
    fits = isinstance(bounds, list) and len(bounds) == 2 and all(isinstance(bound, numbers) for bound in bounds)
    if not fits or bounds[0] > bounds[1] or (log and bounds[0] <= 0):
        raise SpaceError(f"{name} = {bounds!r}: give [lowest, highest]{', above 0 for log' if log else ''}")
    if step is not None and (log or not isinstance(step, numbers) or step <= 0):
        raise SpaceError(f"{name}, step {step!r}: give a number above 0, and not together with log")
    return NumberHyperparameter(name, bounds[0], bounds[1], log, step, kind == "int", when)


def _read_flag(name: str, spec: Mapping[str, Any], key: str) -> bool:
    """Read a flag; a text like no is none."""
    flag = spec.get(key, False)
    if not isinstance(flag, bool):
        raise SpaceError(f"{name}, {key} = {flag!r}: give true or false")
    return flag


def _read_choices(name: str, values: Any) -> tuple[Any, ...]:  # noqa: ANN401
    if not isinstance(values, list) or not values:
        raise SpaceError(f"{name} = {values!r}: give the values to choose from, as in {{choice: [adam, sgd]}}")
    if any(value in values[:place] for place, value in enumerate(values)):
        raise SpaceError(f"{name}: {values!r} names a value twice")
    return tuple(values)


def _read_widths(name: str, spec: Any, when: Mapping[str, tuple[Any, ...]]) -> WidthsHyperparameter:  # noqa: ANN401
    if not isinstance(spec, dict) or not {"depth", "width"} <= spec.keys() <= WIDTHS:
        raise SpaceError(f"{name}: widths take depth and width, each described like a leaf, and `each: true`")
    depth = _read_leaf(f"{name}.depth", spec["depth"])
    if not _read_flag(name, spec, "each"):
        return WidthsHyperparameter(name, depth, (_read_leaf(f"{name}.width", spec["width"]),), when)
    deepest = max(depth.list_values())
    return WidthsHyperparameter(
        name, depth, tuple(_read_leaf(f"{name}.width_{n + 1}", spec["width"]) for n in range(deepest)), when
    )


def _read_conditions(name: str, when: Any) -> dict[str, tuple[Any, ...]]:  # noqa: ANN401
    if not isinstance(when, dict):
        raise SpaceError(f"{name}, when: give dotted key: [values], as in {{training.optimizer.name: [sgd]}}")
    case = name.split(".")[0]
    return {f"{case}.{key}": tuple(v if isinstance(v, list) else [v]) for key, v in when.items()}


def _sort_by_conditions(leaves: list[Hyperparameter], case: str) -> list[Hyperparameter]:
    """Sort hyperparameters topologically: each after those that its conditions name."""
    names = {leaf.name for leaf in leaves}
    done: list[Hyperparameter] = []
    rest = list(leaves)
    while rest:
        placed = {leaf.name for leaf in done}
        ready = [leaf for leaf in rest if not any(_conditioned(key, names) in names - placed for key in leaf.when)]
        if not ready:
            raise SpaceError(f"{case}.study.space: {rest[0].name} depends on itself through its conditions")
        done += ready
        rest = [leaf for leaf in rest if leaf not in ready]
    return done


def _conditioned(key: str, names: Collection[str]) -> str:
    """Return the hyperparameter that a condition's key belongs to: that of widths for the key of their depth, say."""
    return key if key in names else key.rpartition(".")[0]


def suggest_values(leaves: list[Hyperparameter], trial: BaseTrial, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Suggest a value for each hyperparameter that is active in a trial.

    Args:
        leaves: see `read_space`.
        trial: Optuna's.
        parameters: the case's parameters under its name, where conditions look for what does not vary.

    Returns:
        Dotted name -> value.
    """
    found: dict[str, Any] = {}
    for leaf in leaves:
        if is_active(leaf, {**trial.params, **found}, parameters):
            found[leaf.name] = leaf.suggest(trial)
    return found


def list_grid(leaves: list[Hyperparameter], parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List every combination of values; inactive hyperparameters are left out of it."""
    grid: list[tuple[dict[str, Any], dict[str, Scalar]]] = [({}, {})]
    for leaf in leaves:
        grown: list[tuple[dict[str, Any], dict[str, Scalar]]] = []
        for values, asked in grid:
            if not is_active(leaf, {**asked, **values}, parameters):
                grown.append((values, asked))
                continue
            grown += [({**values, leaf.name: v}, {**asked, **leaf.encode(v)}) for v in leaf.list_values()]
        grid = grown
    return [values for values, _ in grid]


def encode_values(leaves: list[Hyperparameter], values: Mapping[str, Any]) -> dict[str, Scalar]:
    """Encode given values as Optuna's names and values.

    Raises:
        SpaceError: a value lies outside the space.
    """
    by_name = {leaf.name: leaf for leaf in leaves}
    found: dict[str, Scalar] = {}
    for name, value in values.items():
        if name not in by_name:
            raise SpaceError(f"{name} does not vary in this space; it holds {', '.join(by_name)}")
        found |= by_name[name].encode(value)
    return found


def space_of_settings(entries: list[dict[str, Any]]) -> list[Hyperparameter]:
    """Build the space of a list of settings: one categorical hyperparameter for each name in it."""
    names = dict.fromkeys(name for entry in entries for name in entry)
    values = {name: [entry[name] for entry in entries if name in entry] for name in names}
    return [CategoricalHyperparameter(name, tuple(_distinct(found))) for name, found in values.items()]


def _distinct(values: list[Any]) -> list[Any]:
    return [value for place, value in enumerate(values) if value not in values[:place]]


def is_active(leaf: Hyperparameter, asked: Mapping[str, Any], parameters: Mapping[str, Any]) -> bool:
    """Return whether all conditions of a hyperparameter hold."""
    return all(
        (asked[key] if key in asked else look_up(parameters, key, None)) in values for key, values in leaf.when.items()
    )
