"""Imports that are put off until something needs them; each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.process

# A package that imports a slow part at its top, as MLflow does.
FILES = {
    "outer/__init__.py": "print('outer')\nfrom outer import slow\n",
    "outer/slow/__init__.py": "print('slow')\nfrom outer.slow.inner import VALUE\nWORDS = ['a']\n",
    "outer/slow/inner.py": "print('inner')\nVALUE = 7\n",
}


@pytest.fixture
def run(tmp_path: Path) -> Callable[[str], list[str]]:
    """Run lines of Python where `outer` can be imported and its slow part is put off -> what they print."""
    for place, text in FILES.items():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(text)

    def run_lines(lines: str) -> list[str]:
        start = (
            "import sys\nfrom casebook.runtime.lazy_imports import DEFERRED_PACKAGES, defer_import, import_deferred\n"
        )
        program = f"{start}sys.path.insert(0, {str(tmp_path)!r})\n{dedent(lines)}"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    return run_lines


def test_a_part_that_nobody_uses_is_never_run(run: Callable[[str], list[str]]) -> None:
    assert run("defer_import('outer', 'slow'); import outer; print(sorted(DEFERRED_PACKAGES))") == [
        "outer",
        "['outer.slow']",
    ]


def test_a_part_is_run_once_something_in_it_is_used(run: Callable[[str], list[str]]) -> None:
    said = run("""
        defer_import("outer", "slow")
        import outer
        print("then", outer.slow.WORDS)
        from outer.slow import WORDS
        print("again", WORDS is outer.slow.WORDS, sys.modules["outer.slow"] is outer.slow, len(DEFERRED_PACKAGES))
    """)
    assert said == ["outer", "slow", "inner", "then", "['a']", "again", "True", "True", "0"]


def test_modules_of_a_part_are_imported_one_by_one_meanwhile(run: Callable[[str], list[str]]) -> None:
    said = run("""
        defer_import("outer", "slow")
        import outer
        from outer.slow.inner import VALUE
        print(VALUE)
        import_deferred()
        print(outer.slow.inner.VALUE, sys.modules["outer.slow"].inner is sys.modules["outer.slow.inner"])
    """)
    assert said == ["outer", "inner", "7", "slow", "7", "True"]


def test_what_was_put_off_is_imported_on_demand_and_only_once(run: Callable[[str], list[str]]) -> None:
    said = run("""
        defer_import("outer", "slow")
        import_deferred()
        import_deferred()
        print(sys.modules["outer.slow"].WORDS, DEFERRED_PACKAGES)
    """)
    assert said == ["outer", "slow", "inner", "['a']", "{}"]


def test_looking_for_the_marks_of_a_module_loads_nothing(run: Callable[[str], list[str]]) -> None:
    said = run("""
        defer_import("outer", "slow")
        import outer
        print(hasattr(outer.slow, "__wrapped__"), hasattr(outer.slow, "__file__"))
    """)
    assert said == ["outer", "False", "False"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("import outer; defer_import('outer', 'slow'); print(DEFERRED_PACKAGES)", ["outer", "slow", "inner", "{}"]),
        ("defer_import('nowhere', 'slow'); print(DEFERRED_PACKAGES)", ["{}"]),
        ("defer_import('bisect', 'slow'); print(DEFERRED_PACKAGES)", ["{}"]),
    ],
    ids=["imported already", "not there", "no package"],
)
def test_where_there_is_nothing_to_put_off_nothing_happens(
    run: Callable[[str], list[str]], lines: str, said: list[str]
) -> None:
    assert run(lines) == said


def test_an_attribute_that_the_part_lacks_is_an_error_as_ever(run: Callable[[str], list[str]]) -> None:
    said = run("""
        defer_import("outer", "slow")
        import outer
        try:
            outer.slow.nothing
        except AttributeError as error:
            print("told", "nothing" in str(error))
    """)
    assert said == ["outer", "slow", "inner", "told", "True"]
