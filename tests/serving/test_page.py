"""The page at `/`: what it holds, that it needs no other machine, and that data stay text; files and drift."""

from __future__ import annotations

import io
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import pytest
from tests.serving.asgi import ask, exchange
from tests.serving.form import make_champion

from casebook.model_registry.champion import Champion
from casebook.reports.numbers import write_score
from casebook.serving.app import create_app
from casebook.serving.page import files

if TYPE_CHECKING:
    from fastapi import FastAPI

SCRIPT = "<script>alert(1)</script>"
QUOTED = '"><img src=x onerror=alert(1)>'


class Page(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += data

    def find(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def churn(logged: dict[str, Champion]) -> FastAPI:
    return create_app(logged["churn"], max_bytes=100_000)


def look(app: FastAPI, path: str) -> Page:
    status, headers, content = exchange(app, "GET", path)
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    return Page(content)


def test_the_form_has_a_labelled_input_for_each_column_with_the_example_row(
    churn: FastAPI, logged: dict[str, Champion]
) -> None:
    page = look(churn, "/")
    fields = {each["data-name"]: each["data-input"] for each in page.find("div") if "data-name" in each}
    assert fields == {"plan": "category", "months": "number", "paid": "number", "since": "date", "online": "flag",
                      "size": "category"}  # fmt: skip
    values = {each["id"]: each.get("value") for each in page.find("input") if "id" in each}
    example = logged["churn"].example
    assert values["field-0"] == example["plan"]
    assert (values["field-1"], values["field-3"]) == (str(example["months"]), example["since"])
    chosen = [each["value"] for each in page.find("option") if "selected" in each]
    assert chosen == [str(example["online"]).lower()]
    labelled = {each["for"] for each in page.find("label") if "for" in each}
    named = {
        each["id"]
        for tag in ("input", "select", "textarea")
        for each in page.find(tag)
        if each.get("type") != "checkbox"
    }
    assert named <= labelled
    assert {"basic", "plus", "max"} <= {each["value"] for each in page.find("option")}


def test_the_page_tells_version_origin_and_scores(churn: FastAPI, logged: dict[str, Champion]) -> None:
    page = look(churn, "/")
    written = " ".join(page.text.split())
    assert "churn Predicts left or stayed Version 1, trained on a data frame" in written
    assert f"accuracy {write_score(logged['churn'].test_scores['accuracy'])}" in written
    assert logged["churn"].run_id in written


def test_scores_stand_beside_baseline_and_reference(champion: Champion) -> None:
    vars(champion).update(
        profile={}, example={},
        scores={
            "test": {"auc": 0.91234, "auc_low": 0.88, "auc_high": 0.94, "seen_row_share": 0.0},
            "baseline": {"auc": 0.5}, "reference": {"auc": 0.9},
        },
    )  # fmt: skip
    written = " ".join(look(create_app(champion, 1000), "/").text.split())
    assert "metric model baseline reference auc 0.912 [0.88, 0.94] 0.5000 0.9000 " in written
    assert "seen_row_share" not in written
    assert "auc_low" not in written


@pytest.mark.parametrize(
    ("task", "classes", "predicted"),
    [
        ("binary", (), "gone, 0 or 1"),
        ("binary", ("no", "yes"), "gone, no or yes"),
        ("regression", (), "gone, a number"),
        ("multiclass", ("a", "b", "c"), "gone, one of 3 classes: a, b, c"),
        ("multiclass", tuple(range(10)), "gone, one of 10 classes"),
        ("multiclass", (), "gone, one of several classes"),
    ],
)
def test_pages_say_what_is_predicted(task: str, classes: tuple[str | int, ...], predicted: str) -> None:
    model = ModelOfWholeNumbers()
    vars(model).update(task=task, classes=classes)
    champion = make_champion("visits", model)
    champion.tags.update(target="gone")  # type: ignore[attr-defined]
    app = create_app(champion, 1000)
    for path in ("/", "/docs"):
        assert f"Predicts {predicted} " in " ".join(look(app, path).text.split())
    assert look(app, "/").find("main")[0]["data-target"] == "gone"


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_ask_no_other_machine_and_run_no_script_but_their_own(churn: FastAPI, path: str) -> None:
    _, headers, content = exchange(churn, "GET", path)
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["form-action"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    page = Page(content)
    addresses = [
        each[name] or ""
        for _, each in page.elements
        for name in ("src", "href", "action", "data", "srcset")
        if name in each
    ]
    assert all(re.match(r"[/#](?!/)", address) for address in addresses), addresses
    inline = [name for _, each in page.elements for name in each if name == "style" or name.startswith("on")]
    assert inline == []
    assert all(each["src"].startswith("/static/") for each in page.find("script"))
    for address in {address for address in addresses if address.startswith("/static/")}:
        status, found, asset = exchange(churn, "GET", address)
        assert (status, found["x-content-type-options"]) == (200, "nosniff")
        assert b"//" not in re.sub(rb"(?m)^// .*$|http://www.w3.org/2000/svg|(?<=\s)// .*$", b"", asset)


def test_nothing_but_the_pages_own_files_is_served(churn: FastAPI) -> None:
    for path in ("/static/fields.html", "/static/..%2froutes.py", "/static/../routes.py", "/redoc"):
        assert exchange(churn, "GET", path)[0] == 404


class HostileModel:
    columns = {SCRIPT: "category", QUOTED: f"ordinal:{json.dumps([SCRIPT, 'b'])}", "n'o": "free_text"}  # noqa: RUF012
    optional = frozenset({"n'o"})
    task, threshold, classes = "binary", 0.5, (SCRIPT, QUOTED)

    def predict(self, rows: pd.DataFrame, threshold: float | None = None) -> pd.DataFrame:  # noqa: ARG002
        return pd.DataFrame({"probability": np.full(len(rows), 0.4), "class": [SCRIPT] * len(rows)}, rows.index)


def make_hostile() -> Champion:
    values = {SCRIPT: {"categories": [SCRIPT, QUOTED]}}
    champion = make_champion(SCRIPT, HostileModel(), {"values": values}, {SCRIPT: QUOTED, QUOTED: SCRIPT})
    champion.tags.update({"data.origin": SCRIPT, "variant": QUOTED, "promotion": SCRIPT, "target": SCRIPT})  # type: ignore[attr-defined]
    champion.scores["test"][SCRIPT] = 1.0
    return champion


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_columns_categories_classes_and_tags_stay_text(path: str) -> None:
    page = look(create_app(make_hostile(), 1000), path)
    assert [each for each in page.find("script") if "src" not in each] == []
    assert page.find("img") == []
    assert SCRIPT in page.text
    if path == "/":
        assert json.loads(page.find("main")[0]["data-classes"] or "") == [SCRIPT, QUOTED]
        assert [each["data-name"] for each in page.find("div") if "data-name" in each] == [SCRIPT, QUOTED]
        assert QUOTED in [each.get("value") for each in page.find("input")]


def send_file(app: FastAPI, content: bytes, name: str = "rows.csv", **query: object) -> tuple[int, Any, Any]:
    """Send a file -> status, the table or the error that comes back, and its summary."""
    status, headers, answer = exchange(app, "POST", "/file", content, query=urlencode({"name": name, **query}))
    if status != 200:
        return status, json.loads(answer)["error"], None
    assert headers["content-type"] == "text/csv; charset=utf-8"
    table = pd.read_csv(io.BytesIO(answer), keep_default_na=False)
    return status, table, json.loads(headers["x-casebook-summary"])


def test_a_file_comes_back_with_answers_and_reasons_under_the_numbers_of_its_rows(
    churn: FastAPI, logged: dict[str, Champion], new_customers: pd.DataFrame
) -> None:
    rows = new_customers.head(4).assign(note=["a", "b, c", 'd"e', "f"])
    lines = rows.to_csv(index=False).splitlines()
    lines[2:2] = ["too,short"]
    lines[4] = re.sub(r"\d{4}-\d\d-\d\d", "soon", lines[4])
    status, table, summary = send_file(churn, "\n".join(lines).encode())
    assert status == 200
    assert table.columns.tolist() == ["row", *rows.columns, "probability", "class", "reason"]
    assert table["row"].tolist() == [0, 1, 2, 3, 4]
    assert table["note"].tolist() == ["a", "", "b, c", 'd"e', "f"]
    expected = logged["churn"].predict(rows.drop(columns="note"))
    answered = table.iloc[[0, 2, 4]]
    np.testing.assert_allclose(
        answered["probability"].astype(float), expected["probability"].iloc[[0, 1, 3]], atol=1e-6
    )
    assert answered["class"].tolist() == expected["class"].iloc[[0, 1, 3]].tolist()
    assert answered["reason"].tolist() == [""] * 3
    reasons = ["2 values instead of 7: too,short", "since: 'soon' is not a date like 2023-08-26"]
    assert table["reason"].iloc[[1, 3]].tolist() == reasons
    assert (table["probability"].iloc[[1, 3]] == "").all()
    first = [{"row": row, "reason": reason} for row, reason in zip([1, 3], reasons, strict=True)]
    assert summary == {"rows": 5, "answered": 3, "rejected": 2, "first": first}


def test_all_that_is_wrong_with_a_row_is_told_with_its_column(churn: FastAPI, new_customers: pd.DataFrame) -> None:
    rows = new_customers.head(2).astype(object)
    rows.loc[rows.index[1], ["months", "since"]] = ["x", "soon"]
    _, table, summary = send_file(churn, rows.to_csv(index=False).encode())
    reason = "months: 'x' is not a number; since: 'soon' is not a date like 2023-08-26"
    assert table["reason"].tolist() == ["", reason]
    assert summary["first"] == [{"row": 1, "reason": reason}]


class ModelOfWholeNumbers:
    """Answers the classes 0 and 1, which have no labels."""

    columns = {"age": "number", "visits": "number"}  # noqa: RUF012
    optional: frozenset[str] = frozenset()
    task, threshold, classes, looks_back = "binary", 0.5, (), False

    def engineer_features(self, rows: pd.DataFrame) -> pd.DataFrame:
        return rows


def test_whole_numbers_stay_whole_beside_rows_without_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    classes = pd.DataFrame({"probability": [0.25, 0.75], "class": [0, 1]})
    monkeypatch.setattr(Champion, "features", lambda _, rows: rows)
    monkeypatch.setattr(Champion, "unknown_categories", lambda _, __: pd.DataFrame({"column": []}))
    monkeypatch.setattr(Champion, "answer_features", lambda _, rows: classes.head(len(rows)))
    app = create_app(make_champion("visits", ModelOfWholeNumbers()), 10_000)
    _, _, answer = exchange(app, "POST", "/file", b"age,visits,note\n5,,7\ncut\n6,3,\nx,4,8\n", query="name=rows.csv")
    assert answer.decode().splitlines() == [
        "row,age,visits,note,probability,class,reason",
        "0,5,,7,0.25,0,",
        "1,,,,,,1 values instead of 3: cut",
        "2,6,3,,0.75,1,",
        "3,x,4,8,,,age: 'x' is not a number",
    ]


def test_columns_that_add_most_are_written_where_that_is_asked_for(
    churn: FastAPI, new_customers: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = new_customers.head(3).to_csv(index=False).encode()
    _, table, _ = send_file(churn, content, reasons="true")
    row = {**new_customers.iloc[0].to_dict()}
    _, answer = ask(churn, "POST", "/answer", json.dumps({"row": row}).encode())
    strongest = "; ".join(f"{each['column']} {each['contribution']:+.3g}" for each in answer["contributions"][:3])
    assert table["because"].iloc[0] == strongest
    monkeypatch.setattr(files, "MAX_EXPLAINED_ROWS", 2)
    status, error, _ = send_file(churn, content, reasons="true")
    assert status == 400
    assert error.startswith("3 rows are more than the 2 of which reasons are written: send fewer")


def test_what_is_added_is_called_otherwise_where_the_file_has_such_a_column(
    churn: FastAPI, new_customers: pd.DataFrame
) -> None:
    rows = new_customers.head(2).assign(**{"class": "old", "row": 7})
    _, table, _ = send_file(churn, rows.to_csv(index=False).encode())
    assert table.columns[0] == "row_answer"
    assert (table["class"].tolist(), set(table["class_answer"]) <= {"left", "stayed"}) == (["old", "old"], True)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "x.csv: the file is empty: put the complete file there"),
        (b"plan,months\n", "x.csv holds no rows below its header line"),
        (b"plan;months\na;1\n", "x.csv: its columns are separated by semicolons; save it with commas"),
        (b"plan,months\na,1\n", "x.csv lacks paid, since, online, size, which the model needs; it has plan, months"),
        (b"plan,Plan\na,1\n", "x.csv has the column 'plan' and 'Plan' 2 times, in places 1 and 2"),
        (b"PAR1", "x.csv: the file is Parquet"),
        (b"caf\xe9,b\n1,2\n", "x.csv: its first line is not UTF-8"),
        (b"a" * 100_001, "the request is larger than 100,000 bytes"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_answered_is_refused_by_its_name(churn: FastAPI, content: bytes, error: str) -> None:
    status, told, _ = send_file(churn, content, "x.csv")
    assert status == (413 if len(content) > 100_000 else 400)
    assert told.startswith(error)


def test_images_come_in_no_file() -> None:
    class ModelOfImages:
        columns = {"image": "image"}  # noqa: RUF012
        optional: frozenset[str] = frozenset()
        task, threshold = "multiclass", 0.5

    app = create_app(make_champion("digits", ModelOfImages(), {}, {"image": [[0, 255], [3, 4]]}), 1000)
    assert send_file(app, b"image\n1\n")[:2] == (
        400, "a row of this model is an image, which a CSV file cannot hold: use the form",
    )  # fmt: skip
    page = look(app, "/")
    assert page.find("canvas")[0]["data-value"] == "[[0, 255], [3, 4]]"
    assert "A CSV file" not in page.text


def test_drift_is_that_of_the_answered_rows_by_request_and_by_file(churn: FastAPI, new_customers: pd.DataFrame) -> None:
    rows = pd.concat([new_customers] * 5).assign(months=59)
    status, before = ask(churn, "GET", "/drift")
    assert (status, before["rows"], before["columns"], before["profile"]) == (200, 0, [], True)
    records = rows.to_dict("records")
    assert ask(churn, "POST", "/invocations", json.dumps({"instances": records[:150]}).encode())[0] == 200
    assert send_file(churn, rows.tail(50).to_csv(index=False).encode())[0] == 200
    # What is tried in the form is no traffic.
    assert ask(churn, "POST", "/answer", json.dumps({"row": records[0]}).encode())[0] == 200
    _, drift = ask(churn, "GET", "/drift")
    assert (drift["rows"], drift["sampled"], drift["level"]) == (200, 200, 0.25)
    assert drift["columns"][0]["column"] == "months"
    assert drift["columns"][0]["alarm"]
    found = {each["column"]: each["index"] for each in drift["columns"]}
    assert {"plan", "size", "probability"} <= found.keys()
    assert found["months"] > 1 > found["size"]


def test_thirty_rows_of_the_training_sound_no_alarm(churn: FastAPI, new_customers: pd.DataFrame) -> None:
    sizes, content = [], new_customers.head(30).to_csv(index=False).encode()
    for _ in range(8):
        assert send_file(churn, content)[0] == 200
        _, drift = ask(churn, "GET", "/drift")
        sizes.append((drift["rows"], drift["few"], [each["column"] for each in drift["columns"] if each["alarm"]]))
    assert sizes[0] == (30, True, [])
    assert sizes[-1][:2] == (240, False)
    columns = {each["column"]: each["raw_columns"] for each in drift["columns"]}
    assert (columns["months"], columns["probability"]) == ("months", "")


def test_the_interface_is_told_without_a_script(churn: FastAPI) -> None:
    page = look(churn, "/docs")
    assert page.find("script") == []
    written = " ".join(page.text.split())
    assert "months a number yes" in written
    assert '{"dataframe_records": [{"plan":' in written
