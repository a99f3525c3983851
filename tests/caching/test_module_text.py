"""What is found in the text of a module, and what the environment keeps of it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from casebook.caching import module_text
from casebook.caching.module_text import Import, SummaryCache, find_imports, parse, sha, summary_cache

if TYPE_CHECKING:
    from pathlib import Path

    from casebook.caching.module_text import Summary

TEXT = '''
"""What it is for."""
import numpy as np
import casebook.data
from . import near
from ..data.splitting import assign as deal, given  # why

def act():
    """Do it."""
    if given:
        from .late import late
        return late()
'''
IMPORTS = (
    Import("np", 0, "numpy", ""),
    Import("casebook.data", 0, "casebook.data", ""),
    Import("near", 1, "", "near"),
    Import("deal", 2, "data.splitting", "assign"),
    Import("given", 2, "data.splitting", "given"),
    Import("late", 1, "late", "late"),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "share" / "modules.json"


def no_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(text: str) -> ast.Module:
        raise AssertionError(text)

    monkeypatch.setattr(module_text, "parse", fail)


def check_kept_alone(file: Path, found: Summary, monkeypatch: pytest.MonkeyPatch) -> None:
    """Check that a later process finds what was made of `TEXT` without parsing it, and nothing of another text."""
    later = SummaryCache(file)
    no_parsing(monkeypatch)
    assert later.summarize(TEXT) == found
    with pytest.raises(AssertionError, match="x = 1"):
        later.summarize("x = 1")


def test_imports_are_found_however_deep() -> None:
    assert tuple(find_imports(parse(TEXT))) == IMPORTS


def test_code_counts_without_comments_docstrings_and_layout() -> None:
    cache = SummaryCache(module_text.Path("/nowhere/modules.json"))
    code = cache.summarize(TEXT).code
    assert code == sha(ast.dump(parse(TEXT)))
    for old, new in ((" # why", ""), ("Do it", "Act"), ("\ndef", "\n\n\ndef")):
        assert cache.summarize(TEXT.replace(old, new)).code == code
    assert cache.summarize(TEXT.replace("as deal", "as dealt")).code != code


def test_a_later_process_parses_nothing_that_was_kept(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = SummaryCache(file)
    found = first.summarize(TEXT)
    assert found.imports == IMPORTS
    first.save()
    check_kept_alone(file, found, monkeypatch)


def test_what_is_known_is_not_written_again(file: Path) -> None:
    SummaryCache(file).save()
    assert not file.exists()
    first = SummaryCache(file)
    first.summarize(TEXT)
    first.save()
    later = SummaryCache(file)
    file.unlink()
    later.summarize(TEXT)
    later.save()
    assert not file.exists()


@pytest.mark.parametrize("content", ["", "garbage", "[]", "{}", '{"a": 1}', '{"a": ["b", [[1]]]}'])
def test_a_damaged_file_is_made_anew(file: Path, content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file.parent.mkdir()
    file.write_text(content)
    cache = SummaryCache(file)
    found = cache.summarize(TEXT)
    cache.save()
    no_parsing(monkeypatch)
    assert SummaryCache(file).summarize(TEXT) == found


def test_where_nothing_can_be_kept_all_is_found_all_the_same(file: Path) -> None:
    file.parent.write_text("in the way")
    cache = SummaryCache(file)
    assert cache.summarize(TEXT).imports == IMPORTS
    cache.save()
    assert file.parent.read_text() == "in the way"


def test_texts_of_earlier_versions_are_dropped_once_they_are_many(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module_text, "MOST_SUMMARIES", 2)
    earlier = SummaryCache(file)
    for text in ("x = 1", "x = 2"):
        earlier.summarize(text)
    earlier.save()
    cache = SummaryCache(file)
    found = cache.summarize(TEXT)
    cache.save()
    check_kept_alone(file, found, monkeypatch)


def test_the_cache_lies_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module_text, "environment_cache", lambda: tmp_path)
    summary_cache.cache_clear()
    summary_cache().summarize(TEXT)
    summary_cache().save()
    # Other tests read the environment's own.
    summary_cache.cache_clear()
    (kept,) = tmp_path.iterdir()
    assert kept.name.startswith("modules-")
