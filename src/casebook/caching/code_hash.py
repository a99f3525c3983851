"""A hash of the code that a function depends on: its own definitions, and every module that these lead to."""

from __future__ import annotations

import ast
import json
import sys
from functools import cache, partial
from importlib.metadata import version
from importlib.util import resolve_name
from pathlib import Path
from typing import TYPE_CHECKING, Any

import casebook
from casebook.caching.module_text import DEFINITIONS, find_imports, parse, sha, summary_cache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from casebook.caching.module_text import Import

# What the results of preprocessing depend on besides the project.
LIBRARIES = ("numpy", "pandas", "pyarrow")


@cache
def hash_code(function: Callable[..., Any]) -> str:
    """Hash what the results of a function or class depend on in the project's code, and the libraries' versions.

    Of the function's own module only the definitions that it names count, since a module of nodes holds many stages;
    the modules that these import from, and so on, count whole. Comments, docstrings and layout never count. What is
    called on an argument is found by its annotation. Of a partial function what is bound counts too: functions by their
    code, all else by its value.
    """
    if isinstance(function, partial):
        bound = [*enumerate(function.args), *function.keywords.items()]
        hashed = {str(name): hash_code(value) if callable(value) else value for name, value in bound}
        return sha(json.dumps([hash_code(function.func), hashed], sort_keys=True, default=str))
    libraries = [f"{name} {version(name)}" for name in LIBRARIES] + [f"python {sys.version_info[:2]}"]
    statements, modules = find_own_code(function.__module__, function.__qualname__.partition(".")[0])
    reached = [f"{name} {_read_whole(name)[0]}" for name in sorted(find_modules(modules))]
    return sha("\n".join([*libraries, function.__qualname__, *map(ast.dump, statements), *reached]))


def find_own_code(module: str, name: str) -> tuple[list[ast.stmt], set[str]]:
    """Find the statements of a definition's own module that count, and the modules that they import from."""
    definitions, others, imported = _read_top(module)
    names, found = {name, *_names(others)}, set[str]()
    while ahead := names & set(definitions) - found:
        found |= ahead
        names |= _names(definitions[each] for each in ahead)
    statements = [*others, *(definitions[each] for each in sorted(found))]
    within = {source for each in statements for _, source in _imports(each, module)}
    return statements, within | {imported[each] for each in names if each in imported}


@cache
def _read_top(module: str) -> tuple[dict[str, ast.stmt], list[ast.stmt], dict[str, str]]:
    """Return a module's functions and classes by name, what else stands at its top, and the names imported there."""
    body = parse(_read(module)).body
    definitions = {each.name: each for each in body if isinstance(each, DEFINITIONS)}
    others = [each for each in body if not isinstance(each, DEFINITIONS)]
    imports = [dict(_imports(each, module)) for each in others]
    return (
        dict(definitions),
        [each for each, names in zip(others, imports, strict=True) if not names],
        {name: source for names in imports for name, source in names.items()},
    )


def find_modules(names: Iterable[str]) -> set[str]:
    """Return those modules of the project among some, with all that they import, however far away."""
    reached: set[str] = set()
    while ahead := {name for name in names if _find_file(name)} - reached:
        reached |= ahead
        names = {source for each in ahead for source in _read_whole(each)[1]}
    summary_cache().save()
    return reached


def _read(module: str) -> str:
    """Read a module, of a package what it exports; a module that is none of ours is empty."""
    file = _find_file(module)
    stub = file.with_suffix(".pyi") if file else None
    return stub.read_text() if stub and stub.exists() else file.read_text() if file else ""


@cache
def _read_whole(module: str) -> tuple[str, set[str]]:
    """Hash a whole module, and list what it imports from."""
    found = summary_cache().summarize(_read(module))
    return found.code, {source for _, source in _resolve(found.imports, module)}


def _imports(tree: ast.AST, module: str) -> Iterator[tuple[str, str]]:
    """List what a piece of code imports: the name that it gets, and the module that it is from."""
    return _resolve(find_imports(tree), module)


def _resolve(imports: Iterable[Import], module: str) -> Iterator[tuple[str, str]]:
    for given, level, source, name in imports:
        above = resolve_name("." * level + source, module)
        inner = f"{above}.{name}"
        yield given, inner if name and _find_file(inner) else above


def _names(statements: Iterable[ast.stmt]) -> set[str]:
    return {node.id for each in statements for node in ast.walk(each) if isinstance(node, ast.Name)}


@cache
def _find_file(module: str) -> Path | None:
    """Find a module's file, without importing what stands above it; nothing for those that are none of ours."""
    project, *names = module.split(".")
    folders = [Path(place, *names) for place in casebook.__path__] if project == casebook.__name__ else []
    files = [file for folder in folders for file in (folder.with_suffix(".py"), folder / "__init__.py")]
    return next((file for file in files if file.is_file()), None)
