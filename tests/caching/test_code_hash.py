"""Which code a function depends on, and what of it counts as a change."""

import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from casebook.caching import code_hash
from casebook.caching.code_hash import hash_code, reachable_definitions

FILES = {
    "first": '''
from __future__ import annotations
from typing import TYPE_CHECKING
from casebook.toy import second
from casebook.toy.third import Known, LEVELS as STEPS
if TYPE_CHECKING:
    from casebook.toy.second import Thing

def act(thing: Thing) -> int:
    """Do it."""
    from casebook.toy.third import late
    return second.double(thing.size()) + late() + STEPS["a"]

def other() -> int:
    return 1
''',
    "second": """
FACTOR = 2

def double(value):
    return value * FACTOR

class Thing:
    def size(self):
        return inner()

def inner():
    return 3

def idle():
    return 4
""",
    "third": """
LEVELS = {"a": 1}
LEVELS["b"] = 2
class Known: ...

def late():
    return 5
""",
}


def forget() -> None:
    """Forget what was read of the code."""
    for function in vars(code_hash).values():
        if hasattr(function, "cache_clear"):
            function.cache_clear()


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Write a package `casebook.toy` with one text replaced by another; give the function `act` of its first module."""
    import casebook

    folder = tmp_path / "toy"
    folder.mkdir()
    monkeypatch.setattr(casebook, "__path__", [*casebook.__path__, str(tmp_path)])

    def make(old: str = "", new: str = "") -> Any:  # noqa: ANN401
        for name in ("", *FILES):
            sys.modules.pop(f"casebook.toy.{name}".rstrip("."), None)
        forget()
        assert not old or any(old in text for text in FILES.values())
        (folder / "__init__.py").write_text("")
        for name, text in FILES.items():
            (folder / f"{name}.py").write_text(text.replace(old, new) if old else text)
        sys.dont_write_bytecode = True
        return import_module("casebook.toy.first").act

    yield make
    make()
    for name in list(sys.modules):
        if name.startswith("casebook.toy"):
            del sys.modules[name]
    forget()


def test_a_function_reaches_what_it_names_however_far_and_nothing_else(write: Callable[..., Any]) -> None:
    act = write()
    found = {f"{module.rpartition('.')[2]}.{name}" for module, name in reachable_definitions(act.__module__, "act")}
    assert found == {
        "first.act", "second.double", "second.FACTOR", "second.Thing", "second.inner", "third.LEVELS", "third.late",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("STEPS[\"a\"]", "STEPS[\"b\"]"),
        ("FACTOR = 2", "FACTOR = 3"),
        ("value * FACTOR", "value + FACTOR"),
        ("return inner()", "return inner() + 1"),
        ("return 3", "return 30"),
        ('{"a": 1}', '{"a": 7}'),
        ('LEVELS["b"] = 2', 'LEVELS["a"] = 2'),
        ("return 5", "return 6"),
    ],
)  # fmt: skip
def test_any_change_of_code_that_is_reached_is_seen(write: Callable[..., Any], old: str, new: str) -> None:
    before = hash_code(write())
    assert hash_code(write(old, new)) != before
    assert hash_code(write()) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return 4", "return 40"),
        ("return 1", "return 10"),
        ("return 3", "return 3  # three"),
        ("FACTOR = 2", "FACTOR  =  2"),
    ],
)
def test_comments_layout_and_code_that_is_not_reached_count_for_nothing(
    write: Callable[..., Any], old: str, new: str
) -> None:
    before = hash_code(write())
    assert hash_code(write(old, new)) == before


def test_another_version_of_a_library_is_other_code(write: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    act = write()
    before = hash_code(act)
    forget()
    monkeypatch.setattr(code_hash, "version", lambda name: f"{name} 99")
    assert hash_code(act) != before


def test_what_is_bound_to_a_function_counts_by_its_value_or_code(write: Callable[..., Any]) -> None:
    act = write()
    bare, bound = hash_code(act), hash_code(partial(act, thing=("a", 1)))
    assert bound != bare
    assert hash_code(partial(act, thing=("a", 1))) == bound
    assert hash_code(partial(act, thing=("a", 2))) != bound
    called = hash_code(partial(hash_code, function=act))
    assert hash_code(partial(hash_code, function=write("return 5", "return 6"))) != called
    assert hash_code(partial(hash_code, function=write())) == called


def test_preparing_depends_on_the_preparations_own_code() -> None:
    from casebook.stages import nodes

    reached = {f"{module}.{name}" for module, name in reachable_definitions(nodes.__name__, "apply_preprocessor")}
    assert {
        "casebook.data.splitting.select_split",
        "casebook.preprocessing.tabular.TabularPreprocessor",
        "casebook.preprocessing.tabular.prepare_rows",
        "casebook.preprocessing.tabular.NumberColumn",
        "casebook.column_types.parsing.distinct",
        "casebook.preprocessing.texts.split_words",
    } <= reached
    assert not any(name.startswith("casebook.training.trainer") for name in reached)


def test_fitting_depends_on_the_parameters_classes_and_reading_on_the_schema() -> None:
    from casebook.pipelines.redhat import nodes as own
    from casebook.stages import nodes

    fitted = {
        f"{module}.{name}" for module, name in reachable_definitions(nodes.__name__, "fit_preprocessor_on_training")
    }
    assert {
        "casebook.config.schema.data.TabularPreprocessingParameters",
        "casebook.preprocessing.fit_tabular.fit_number",
    } <= fitted
    read = {f"{module}.{name}" for module, name in reachable_definitions(own.__name__, "ingest_people")}
    assert {"casebook.pipelines.redhat.schemas.PEOPLE_SCHEMA", "casebook.column_types.parsing.convert_dates"} <= read
