"""Which engine works on a case's tables, and why one cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from casebook.cases import engines
from casebook.cases.engines import EngineError, choose_engine
from casebook.config.extras import MissingExtraError
from casebook.config.loader import read_case
from casebook.config.resolve import resolve_case

if TYPE_CHECKING:
    from pathlib import Path

MEMORY = 8_000
PERSON = "give redhat.split.strategy=person or group"


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for Red Hat's raw files, on a machine of little memory."""
    monkeypatch.setenv("CASEBOOK_RAW", str(tmp_path))
    monkeypatch.setattr(engines, "find_memory", lambda: MEMORY)
    (tmp_path / "redhat").mkdir()
    return tmp_path / "redhat"


def resolve(case: str = "redhat", **given: Any) -> dict[str, Any]:  # noqa: ANN401 - parameters
    return resolve_case(case, read_case(case), given)


def test_small_files_are_read_whole_and_large_ones_in_parts_which_is_said(
    raw: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (raw / "people.csv").write_bytes(b"x" * 400)
    (raw / "act_train.csv").write_bytes(b"x" * 600)
    assert choose_engine("redhat", resolve()) == "pandas"
    assert not caplog.messages
    (raw / "act_train.csv").write_bytes(b"x" * 601)
    assert choose_engine("redhat", resolve()) == "dask"
    told = (
        "the raw files of redhat are 0.0 GB of text, more than an eighth of 0 GB memory: engine=dask works on parts of "
        "them (engine=pandas reads them whole)"
    )
    assert caplog.messages == [told]
    assert choose_engine("redhat", resolve(engine="pandas")) == "pandas"


def test_a_folder_counts_with_its_files_and_parquet_as_the_text_that_it_would_be(raw: Path) -> None:
    (raw / "act").mkdir()
    for name in ("a.parquet", "b.parquet"):
        (raw / "act" / name).write_bytes(b"x" * 100)
    tree = resolve(data={"tables": {"activities": {"file": "act"}}})
    assert engines.measure_files("redhat", tree) == 2 * 5 * 100
    assert choose_engine("redhat", tree) == "pandas"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"split": {"strategy": "row"}},
         f"a split by row is in scikit-learn's order of all rows: {PERSON}, or engine=pandas"),
        ({"duplicates": "drop"}, "copies are looked for among all rows: give redhat.duplicates=keep, or engine=pandas"),
        ({"folds": {"count": 3}}, "folds are dealt from all rows: give redhat.folds.count=0, or engine=pandas"),
        ({"split": {"validation_on": "training"}},
         "validation_on training counts all rows: give split.validation_on=held_out, or engine=pandas"),
        ({"preprocessing": {"encoding": {"people_group_1": "ordered_target"}}},
         ("ordered_target looks at the targets of all rows: give "
          "redhat.preprocessing.encoding.people_group_1=embedding, or engine=pandas")),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("raw")
def test_what_needs_all_rows_at_once_is_refused_with_the_reason_and_the_remedy(
    given: dict[str, Any], told: str
) -> None:
    with pytest.raises(EngineError) as refused:
        choose_engine("redhat", resolve(engine="dask", **given))
    assert str(refused.value) == f"redhat.engine dask: {told}"


def test_large_files_that_need_a_whole_table_are_read_whole_and_that_is_said(
    raw: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (raw / "act_train.csv").write_bytes(b"x" * 2000)
    assert choose_engine("redhat", resolve(split={"strategy": "row"})) == "pandas"
    assert "and yet they are read whole: a split by row is in scikit-learn's order" in caplog.text


WHOLE_FILES = [
    ({"file": "act.xlsx"}, "act.xlsx: files of this kind are read whole; save it as CSV or Parquet"),
    ({"file": "act.npz"}, "act.npz: files of this kind are read whole; save it as CSV or Parquet"),
    ({"file": "act.csv", "names": ["a", "b"]},
     "act.csv: names that take the place of a header are given to whole files; leave out names, and rename columns"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "told"), WHOLE_FILES, ids=["workbook", "arrays", "names"])
def test_files_that_are_read_whole_need_pandas_which_is_said(
    raw: Path, caplog: pytest.LogCaptureFixture, said: dict[str, Any], told: str
) -> None:
    (raw / said["file"]).write_bytes(b"x" * 2000)
    declared = {"data": {"tables": {"activities": said}}}
    assert choose_engine("redhat", resolve(**declared)) == "pandas"
    assert caplog.messages[0].endswith(f"and yet they are read whole: {told}")
    with pytest.raises(EngineError) as refused:
        choose_engine("redhat", resolve(engine="dask", **declared))
    assert str(refused.value) == f"redhat.engine dask: {told}, or engine=pandas"


def test_without_dask_large_files_are_read_whole_as_they_always_were(
    raw: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("casebook.config.extras.find_spec", lambda name: None if name == "distributed" else name)
    (raw / "act_train.csv").write_bytes(b"x" * 2000)
    assert choose_engine("redhat", resolve()) == "pandas"
    told = (
        "read whole: engine=dask, which would take them, needs the extra \"cluster\": pip install 'casebook[cluster]'"
    )
    assert len(caplog.messages) == 1
    assert caplog.messages[0].endswith(told)


@pytest.mark.usefixtures("raw")
def test_without_dask_one_line_says_which_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("casebook.config.extras.find_spec", lambda name: None if name == "distributed" else name)
    with pytest.raises(MissingExtraError) as missing:
        choose_engine("redhat", resolve(engine="dask"))
    assert str(missing.value) == "redhat.engine=dask needs the extra \"cluster\": pip install 'casebook[cluster]'"


@pytest.mark.usefixtures("raw")
@pytest.mark.parametrize("case", ["pima", "boston"])
def test_cases_that_are_split_by_row_or_as_given_have_no_parts(case: str) -> None:
    with pytest.raises(EngineError, match=f"{case}.engine dask: "):
        choose_engine(case, resolve(case, engine="dask"))
