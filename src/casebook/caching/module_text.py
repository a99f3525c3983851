"""The text of a module: its code without comments and docstrings, and what it imports.

What was found in a text is kept by the environment: parsing all modules takes each process of a run 0.4 s.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from casebook.config.paths import environment_cache
from casebook.runtime.atomic_files import atomic_write

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# Ten times as many as the project has: texts of earlier versions are not kept for ever.
MOST_SUMMARIES = 5000


class Import(NamedTuple):
    """One imported name.

    Attributes:
        given: the name that it gets.
        level: how many dots stand before the module; 0 for a whole one.
        source: the module without these dots, "" where there are dots alone.
        name: what is imported from it, "" for the module itself.
    """

    given: str
    level: int
    source: str
    name: str


class Summary(NamedTuple):
    """The hash of a module's code, and what it imports."""

    code: str
    imports: tuple[Import, ...]


class SummaryCache:
    """The summaries of all texts that were read, in a file."""

    def __init__(self, file: Path) -> None:
        """Load them; none from a file that is damaged or not there."""
        self._file, self._changed = file, False
        self._kept: dict[str, Summary] = {}
        self._used: set[str] = set()
        with suppress(OSError, ValueError, TypeError):
            found = dict(json.loads(file.read_text(encoding="utf-8")))
            self._kept = {
                key: Summary(code, tuple(Import(*each) for each in names)) for key, (code, names) in found.items()
            }

    def summarize(self, text: str) -> Summary:
        """Return the kept summary of a text, or make it."""
        key = sha(text)
        self._used.add(key)
        if key not in self._kept:
            tree = parse(text)
            self._kept[key] = Summary(sha(ast.dump(tree)), tuple(find_imports(tree)))
            self._changed = True
        return self._kept[key]

    def save(self) -> None:
        """Write what is new, where the environment can be written to."""
        if not self._changed:
            return
        self._changed = False
        if len(self._kept) > MOST_SUMMARIES:
            self._kept = {key: self._kept[key] for key in self._used}
        with suppress(OSError), atomic_write(self._file) as path:
            path.write_text(json.dumps(self._kept), encoding="utf-8")


@cache
def summary_cache() -> SummaryCache:
    """Load the environment's cache; another version of Python, or of this file, has its own."""
    version = sha(f"{sys.version_info[:2]} {Path(__file__).read_text(encoding='utf-8')}")
    return SummaryCache(environment_cache() / f"modules-{version}.json")


def parse(text: str) -> ast.Module:
    """Parse a text without its docstrings."""
    tree = ast.parse(text)
    for node in list_statements(tree):
        if isinstance(node, (ast.Module, *DEFINITIONS)) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return tree


def list_statements(tree: ast.AST) -> list[Any]:
    """List a piece of code and all statements in it, however deep."""
    found = [tree]
    for node in found:
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            found += getattr(node, block, [])
    return found


def find_imports(tree: ast.AST) -> Iterator[Import]:
    """List what a piece of code imports."""
    for node in list_statements(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.asname or alias.name, 0, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            given = [(alias.asname or alias.name, alias.name) for alias in node.names]
            yield from (Import(name, node.level, node.module or "", inner) for name, inner in given)


def sha(text: str) -> str:
    """Hash a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
