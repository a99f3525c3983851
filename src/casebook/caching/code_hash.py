"""The code that a function depends on: its own definition and all of the project's that it names, however far away."""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import casebook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# What the results of preprocessing depend on besides the project.
LIBRARIES = ("numpy", "pandas", "pyarrow")
TOP = "<top>"
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
Target = tuple[str, str]


@dataclass
class Module:
    """What a module defines and imports at its top, imports for type checkers included.

    Attributes:
        definitions: name -> the statements that define it; what bears no name stands under `TOP`.
        imports: name -> the module, and the name in it, which is empty for a module itself.
    """

    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, Target] = field(default_factory=dict)


@cache
def hash_code(function: Callable[..., Any]) -> str:
    """Hash what the results of a function or class depend on in the project's code, and the libraries' versions.

    A change of comments and layout is none. What is called on an argument is found by the argument's annotation. Of a
    partial function what is bound counts too: functions by their code, all else by its value.
    """
    if isinstance(function, partial):
        bound = {name: hash_code(value) if callable(value) else value for name, value in function.keywords.items()}
        text = json.dumps([hash_code(function.func), bound], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
    parts = [f"{name} {version(name)}" for name in LIBRARIES] + [f"python {sys.version_info[:2]}"]
    reached = sorted(reachable_definitions(function.__module__, function.__qualname__.partition(".")[0]))
    parts += [f"{target} {_hash_definition(target)}" for target in reached]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def reachable_definitions(module: str, name: str) -> set[Target]:
    """Find all definitions that one leads to, itself included."""
    reached: set[Target] = set()
    ahead = [(module, name)]
    while ahead:
        target = ahead.pop()
        place = None if target in reached else read_module(target[0])
        if place is None:
            continue
        if target[1] in place.definitions:
            reached.add(target)
            ahead += [(target[0], TOP), *_named_in(target)]
        elif target[1] in place.imports:
            ahead.append(place.imports[target[1]])
        elif not target[1]:
            # A module that is passed around may be used in full.
            ahead += [(target[0], name) for name in place.definitions]
    return reached


@cache
def read_module(name: str) -> Module | None:
    """Parse a module of the project; others are none of ours."""
    file = _find_file(name)
    if file is None:
        return None
    module = Module()
    for statement in ast.parse(file.read_text()).body:
        # What a function imports is known within it alone.
        imports = {} if isinstance(statement, DEFINITIONS) else _all_imports(statement)
        module.imports |= imports
        if not imports:
            for defined in _names_defined(statement):
                module.definitions.setdefault(defined, []).append(statement)
    return module


def _names_defined(statement: ast.stmt) -> list[str]:
    if isinstance(statement, DEFINITIONS):
        return [statement.name]
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", statement)]
    names = [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return names
    # Whatever else stands at the top runs when the module is imported, but for its docstring.
    return [] if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) else [TOP]


def _all_imports(statement: ast.stmt) -> dict[str, Target]:
    return {name: target for node in ast.walk(statement) for name, target in _imports(node)}


def _imports(node: ast.AST) -> Iterator[tuple[str, Target]]:
    """Give what an import imports, under the names that it gets; other nodes import nothing."""
    if isinstance(node, ast.Import):
        yield from ((alias.asname or alias.name, (alias.name, "")) for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield from ((alias.asname or alias.name, _target(node.module, alias.name)) for alias in node.names)


def _target(module: str, name: str) -> Target:
    """Tell a module in a package from a name in a module."""
    inner = f"{module}.{name}"
    return (inner, "") if _find_file(inner) else (module, name)


@cache
def _find_file(module: str) -> Path | None:
    """Find a module's file, without importing what stands above it; nothing for those that are none of ours."""
    project, *names = module.split(".")
    folders = [Path(place, *names) for place in casebook.__path__] if project == casebook.__name__ else []
    files = [file for folder in folders for file in (folder.with_suffix(".py"), folder / "__init__.py")]
    return next((file for file in files if file.is_file()), None)


@cache
def _named_in(target: Target) -> frozenset[Target]:
    """Give the definitions that one names; of a module's the attribute that is taken of it."""
    place = read_module(target[0]) or Module()
    named: set[Target] = set()
    for statement in place.definitions[target[1]]:
        nodes = list(ast.walk(statement))
        known = {**place.imports, **{name: found for node in nodes for name, found in _imports(node)}}
        within = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
        for node in nodes:
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in known:
                module, name = known[node.value.id]
                named.add((module, name or node.attr))
            elif isinstance(node, ast.Name) and node.id in place.definitions:
                named.add((target[0], node.id))
            elif isinstance(node, ast.Name) and node.id in known and (id(node) not in within or known[node.id][1]):
                named.add(known[node.id])
    return frozenset(named)


@cache
def _hash_definition(target: Target) -> str:
    place = read_module(target[0]) or Module()
    text = "\n".join(map(ast.unparse, place.definitions[target[1]]))
    return hashlib.sha256(text.encode()).hexdigest()
