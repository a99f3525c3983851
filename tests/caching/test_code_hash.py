"""Which code a function depends on, and what of it counts as a change."""

from __future__ import annotations

import ast
import gc
import subprocess
import sys
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from casebook.caching import code_hash
from casebook.caching.code_hash import find_modules, find_own_code, hash_code
from casebook.cases.registry import load_case

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILES = {
    "first": '''
from __future__ import annotations
from typing import TYPE_CHECKING
from casebook.toy import apart, second
from casebook.toy.third import Known, LEVELS as STEPS
if TYPE_CHECKING:
    from casebook.toy.second import Thing

def act(thing: Thing) -> int:
    """Do it."""
    from casebook.toy.third import late
    return second.double(thing.size()) + late() + STEPS["a"] + own() + CONSTANTS[0]

CONSTANTS = [7]

def own() -> int:
    return 8

def other() -> int:
    return apart.far()
''',
    "second": """
from casebook.toy import fourth

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
    "fourth": """
def idle():
    return 9
""",
    "apart": """
def far():
    return 6
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


def reach(function: Any) -> tuple[set[str], set[str]]:  # noqa: ANN401 - a function, or a partial one
    """Return what counts of a function's own module, and the modules that count whole."""
    while isinstance(function, partial):
        function = function.func
    statements, modules = find_own_code(function.__module__, function.__qualname__)
    return {ast.unparse(each).split("(")[0].removeprefix("def ") for each in statements}, find_modules(modules)


def test_a_function_reaches_what_it_names_in_its_module_and_all_modules_that_these_lead_to(
    write: Callable[..., Any],
) -> None:
    own, modules = reach(write())
    assert own == {"act", "own", "CONSTANTS = [7]"}
    assert modules == {f"casebook.toy.{name}" for name in ("second", "third", "fourth")}


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
        ("return 5", "return 50"),
        ("return 4", "return 40"),
        ("return 8", "return 80"),
        ("return 9", "return 90"),
        ("[7]", "[70]"),
    ],
)  # fmt: skip
def test_any_change_of_code_that_is_reached_is_seen(write: Callable[..., Any], old: str, new: str) -> None:
    before = hash_code(write())
    assert hash_code(write(old, new)) != before
    assert hash_code(write()) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return 6", "return 60"),
        ("return apart.far()", "return apart.far() + 1"),
        ("Do it.", "Add it up."),
        ("return 5", '"""Come late."""\n    return 5'),
        ("return 3", "return 3  # three"),
        ("FACTOR = 2", "FACTOR  =  2"),
    ],
)
def test_comments_docstrings_layout_and_code_that_is_not_reached_count_for_nothing(
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


@pytest.mark.process
def test_code_with_sets_of_texts_has_one_hash_in_every_process() -> None:
    asked = (
        "from casebook.caching.code_hash import hash_code;"
        "print(hash_code(type('describe_rows', (), {'__module__': 'casebook.data.row_description'})))"
    )
    hashed = {
        subprocess.check_output([sys.executable, "-c", asked], env={"PYTHONHASHSEED": seed, "PATH": ""})
        for seed in ("1", "2", "3")
    }
    assert len(hashed) == 1


def test_what_is_bound_to_a_function_counts_by_its_value_or_code(write: Callable[..., Any]) -> None:
    act = write()
    bare, bound = hash_code(act), hash_code(partial(act, thing=("a", 1)))
    assert bound != bare
    assert hash_code(partial(act, thing=("a", 1))) == bound
    assert hash_code(partial(act, thing=("a", 2))) != bound
    assert hash_code(partial(act, ("a", 1))) not in {bare, hash_code(partial(act, ("a", 2)))}
    called = hash_code(partial(hash_code, function=act))
    assert hash_code(partial(hash_code, function=write("return 5", "return 50"))) != called
    assert hash_code(partial(hash_code, function=write())) == called


def test_preprocessing_depends_on_its_own_code_and_neither_on_figures_nor_on_training() -> None:
    nodes = {node.short_name: node.func for node in load_case("redhat").create_pipeline().nodes}
    # What takes a schema is called with it.
    called = {name: getattr(function, "keywords", {}).get("function", function) for name, function in nodes.items()}
    reached = {name: reach(function)[1] for name, function in called.items()}
    assert {
        "casebook.data.splitting",
        "casebook.preprocessing.tabular",
        "casebook.column_types.column_type",
        "casebook.preprocessing.texts",
    } <= reached["apply_preprocessor"]
    assert {"casebook.config.schema.data", "casebook.preprocessing.fit_tabular"} <= reached["fit_preprocessor"]
    assert {"casebook.data.declared_tables", "casebook.column_types.kinds"} <= reached["type_people"]
    assert "casebook.plots.binary" in reached["draw_evaluation"]
    assert "casebook.training.trainer" in reached["train_network"]
    elsewhere = ("casebook.plots", "casebook.training", "casebook.baselines", "casebook.stages", "casebook.tracking")
    for name in ("type_activities", "join_tables", "engineer_features", "assign_splits", "apply_preprocessor"):
        assert not [module for module in reached[name] if module.startswith(elsewhere)], name


def test_the_trees_of_the_modules_that_a_function_leads_to_are_not_kept() -> None:
    before = sum(isinstance(each, ast.Module) for each in gc.get_objects())
    assert len(find_modules(["casebook.stages.nodes"])) > 50
    assert sum(isinstance(each, ast.Module) for each in gc.get_objects()) <= before
