"""`casebook reproduce`: whose rows are run, and when the page is written."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result


def test_without_real_files_it_says_how_to_name_them(
    casebook: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CASEBOOK_RAW", raising=False)
    result = casebook("reproduce", "pima")
    told = "the ledger is about the real files: name their folder, as in CASEBOOK_RAW=/path casebook reproduce pima"
    assert (result.exit_code, result.output) == (1, f"Error: {told}\n")


@pytest.mark.parametrize(("chosen", "cases"), [("pima", ["pima"]), ("all", ["redhat", "imdb"])])
def test_rows_of_the_chosen_cases_are_run_and_the_page_written_after_each(
    casebook: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, chosen: str, cases: list[str]
) -> None:
    done: list[object] = []

    def run(_client: object, row: SimpleNamespace, prepared_for: str) -> str:
        done.append((row.case, row.number, prepared_for))
        return f"{row.case} {row.number}"

    monkeypatch.setenv("CASEBOOK_RAW", "/elsewhere")
    monkeypatch.setattr("casebook.cli.reproduce.CASES", ("redhat", "imdb"))
    monkeypatch.setattr(
        "casebook.published_results.plan.plan_rows", lambda case: [SimpleNamespace(case=case, number=n) for n in (1, 2)]
    )
    monkeypatch.setattr("casebook.published_results.runs.open_store", lambda: None)
    monkeypatch.setattr("casebook.published_results.runs.run_row", run)
    monkeypatch.setattr("casebook.published_results.page.write_page", lambda *_: done.append("page"))
    assert casebook("reproduce", chosen).output == "docs/ledger.md is written\n"
    expected: list[object] = []
    for case in cases:
        expected += [(case, 1, ""), "page", (case, 2, f"{case} 1"), "page"]
    assert done == expected
