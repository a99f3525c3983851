"""A real server process: the same numbers as everywhere else, and an answer to whatever is sent."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from casebook.batch_scoring.raw_block import RawBlock
from casebook.batch_scoring.scorer import score_block
from casebook.cases.declared import read_declaration
from casebook.cases.registry import load_case
from casebook.data.splitting import TEST
from casebook.datasets.declared_rows import DeclaredRowsReader
from casebook.inference.row_model import to_raw_values
from casebook.model_registry.champion import load_champion
from casebook.runtime.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Finished

PATIENCE = 300
ROWS = 200


class Client:
    """Asks one server, over one connection as long as that lasts."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, content: object, path: str = "/invocations", method: str = "POST") -> tuple[int, bytes]:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        try:
            return self._ask(body, path, method)
        except (http.client.HTTPException, OSError):
            # A connection that lay idle is closed by the server; the next one must do.
            self.connection.close()
            return self._ask(body, path, method)

    def _ask(self, body: bytes, path: str, method: str) -> tuple[int, bytes]:
        self.connection.request(method, path, body, {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        return response.status, response.read()

    def wait(self, process: subprocess.Popen[str]) -> None:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                if self.ask(b"", "/ping", "GET")[0] == 200:
                    return
            except OSError:
                self.connection.close()
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                raise AssertionError(process.communicate()[0][-3000:])
            time.sleep(0.2)


@contextmanager
def answering(command: list[str], folder: Path, environment: dict[str, str], port: int) -> Iterator[Client]:
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        client = Client(port)
        client.wait(process)
        yield client
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


@pytest.fixture(scope="module")
def server(finished: Finished) -> Iterator[Client]:
    """The champion of the finished project, served from a subfolder of it."""
    port, root = free_port(), finished.project.root
    environment = finished.project.environment(PYTHONPATH=str(root / "src"))
    command = [str(Path(sys.executable).with_name("casebook")), "serve", "redhat", "--port", str(port)]
    with answering(command, root / "notes", environment, port) as client:
        yield client


@pytest.fixture(scope="module")
def test_rows(finished: Finished) -> pd.DataFrame:
    """Raw test rows of the finished run, with what its evaluation said of them."""
    data = finished.project.root / "data"
    parts = pd.read_parquet(data / "runs" / "redhat" / "latest" / "05_model_input" / "split_assignment.parquet")["part"]
    joined = pd.read_parquet(data / "runs" / "redhat" / "latest" / "03_primary" / "joined_rows.parquet")
    rows = to_raw_values(joined[(parts & TEST > 0).to_numpy()].drop(columns="outcome"))
    evaluated = pd.read_parquet(data / "runs" / "redhat" / "latest" / "07_model_output" / "test_predictions.parquet")
    return rows.assign(evaluated=evaluated["probability"].to_numpy()).head(ROWS).reset_index(drop=True)


@pytest.fixture(scope="module")
def one_row(test_rows: pd.DataFrame) -> dict[str, Any]:
    return records(test_rows.head(1))[0]


def records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return json.loads(rows.drop(columns="evaluated").to_json(orient="records"))


def test_evaluation_model_server_and_batches_give_the_same_numbers(
    finished: Finished, server: Client, test_rows: pd.DataFrame
) -> None:
    mlflow.set_tracking_uri(finished.project.address)
    raw = test_rows.drop(columns="evaluated")
    champion = load_champion("redhat")
    loaded = mlflow.pyfunc.load_model("models:/redhat@champion").predict(raw)
    status, body = server.ask({"dataframe_records": records(test_rows)})
    assert status == 200
    content = json.loads(body)
    singles = [json.loads(server.ask({"instances": [row]})[1])["predictions"][0] for row in records(test_rows.head(20))]
    text = raw.astype("str").where(raw.notna())
    scored = score_block(
        RawBlock(text, np.arange(len(text))), None, champion, load_case("redhat").new_rows, "2026-01-01"
    ).predictions
    expected = test_rows["evaluated"].to_numpy()
    online = [answer["probability"] for answer in content["predictions"]]
    for found in (loaded["probability"], online, scored["probability"]):
        np.testing.assert_allclose(np.asarray(found), expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose([one["probability"] for one in singles], expected[:20], rtol=0, atol=1e-6)
    assert [answer["class"] for answer in content["predictions"]] == loaded["class"].tolist()
    assert content["model"] == {"name": "redhat", "version": champion.version}


def test_the_page_answers_as_requests_are_and_only_what_was_served_is_counted(
    server: Client, test_rows: pd.DataFrame
) -> None:
    row = records(test_rows.head(1))[0]
    needed = json.loads(server.ask(b"", "/health", "GET")[1])["required"]
    status, page = server.ask(b"", "/", "GET")
    assert (status, page.count(b'data-name="')) == (200, len(needed))
    before = read_rows(server)
    answers = [json.loads(server.ask({"instances": [row]})[1])["predictions"][0] for _ in range(3)]
    status, body = server.ask({"row": row}, "/answer")
    answer = json.loads(body)
    assert (status, answer["answer"]) == (200, answers[0])
    summed = sum(each["contribution"] for each in answer["contributions"])
    assert summed == pytest.approx(answer["row"] - answer["typical"], abs=1e-5)
    for change in json.loads(server.ask({"row": row}, "/changes")[1])["changes"]:
        changed = json.loads(server.ask({"instances": [{**row, change["column"]: change["changed"]}]})[1])
        assert changed["predictions"][0]["class"] == change["answer"]["class"] != answer["answer"]["class"]
        before += 1
    assert read_rows(server) == before + 3
    assert json.loads(server.ask(b"", "/drift", "GET")[1])["rows"] == before + 3


def read_rows(server: Client) -> float:
    families = text_string_to_metric_families(server.ask(b"", "/metrics", "GET")[1].decode())
    return sum(s.value for family in families for s in family.samples if s.name == "casebook_rows_total")


def test_the_same_model_answers_under_mlflows_own_server(
    finished: Finished, test_rows: pd.DataFrame, tmp_path: Path
) -> None:
    port = free_port()
    programs = Path(sys.executable).parent
    environment = finished.project.environment(MLFLOW_TRACKING_URI=finished.project.address)
    environment["PATH"] = f"{programs}:{environment['PATH']}"
    program = shutil.which("mlflow", path=environment["PATH"])
    assert program is not None
    words = ["models", "serve", "-m", "models:/redhat@champion", "--env-manager", "local", "--port", str(port)]
    with answering([program, *words], tmp_path, environment, port) as client:
        rows = {"dataframe_records": records(test_rows.head(5))}
        status, body = client.ask(rows)
        chosen, classes = client.ask({**rows, "params": {"output": "class", "threshold": 0.5}})
    assert (status, chosen) == (200, 200), body
    found = [answer["probability"] for answer in json.loads(body)["predictions"]]
    np.testing.assert_allclose(found, test_rows["evaluated"].head(5), rtol=0, atol=1e-6)
    assert json.loads(classes)["predictions"] == (test_rows["evaluated"].head(5) >= 0.5).astype(int).tolist()


def test_mlflow_predicts_a_csv_file_on_the_command_line(
    finished: Finished, test_rows: pd.DataFrame, tmp_path: Path
) -> None:
    pd.DataFrame(records(test_rows.head(5))).to_csv(tmp_path / "rows.csv", index=False)
    environment = finished.project.environment(MLFLOW_TRACKING_URI=finished.project.address)
    program = str(Path(sys.executable).with_name("mlflow"))
    words = ["models", "predict", "-m", "models:/redhat@champion", "--env-manager", "local", "-t", "csv"]
    files = ["-i", str(tmp_path / "rows.csv"), "-o", str(tmp_path / "answers.json")]
    done = subprocess.run([program, *words, *files], env=environment, cwd=tmp_path, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr[-2000:]
    found = [row["probability"] for row in json.loads((tmp_path / "answers.json").read_text())["predictions"]]
    np.testing.assert_allclose(found, test_rows["evaluated"].head(5), rtol=0, atol=1e-6)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
LIKELY = st.sampled_from(
    ["ppl_1e400", "ppl_", "type 1", "group 1e+05", "2023-08-26", "9999-12-31", "0001-01-01", "true", "1e309", "-1", "",
     2**63, -(2**63), 1e308, -1e308, 0, 1, True, None, "\x00", "type 99999999999999999999"]
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_rows_with_any_values_are_answered_or_refused_with_a_reason(
    server: Client, one_row: dict[str, Any], data: st.DataObject
) -> None:
    changed = data.draw(st.dictionaries(st.sampled_from(sorted(one_row)), LIKELY | ANYTHING, max_size=4))
    dropped = data.draw(st.sets(st.sampled_from(sorted(one_row)), max_size=1))
    more = data.draw(st.dictionaries(st.text(max_size=5), ANYTHING, max_size=1))
    row = {name: value for name, value in {**one_row, **changed, **more}.items() if name not in dropped}
    form = data.draw(st.sampled_from(["dataframe_records", "instances"]))
    params = data.draw(st.sampled_from([{}, {"params": {"threshold": 0.9}}, {"params": {"threshold": "high"}}]))
    check(*server.ask({form: [one_row, row], **params}))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200) | ANYTHING.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_refused_with_a_reason(server: Client, body: bytes) -> None:
    status, answer = server.ask(body)
    check(status, answer)
    assert status == 400


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(form=st.sampled_from(["dataframe_split", "inputs", "instances", "dataframe_records"]), inside=ANYTHING)
def test_any_content_of_a_form_is_refused_with_a_reason(server: Client, form: str, inside: object) -> None:
    check(*server.ask({form: inside}))


def check(status: int, body: bytes) -> None:
    """A good answer is finite, a refusal says why; nothing else may come."""
    content = json.loads(body)
    assert status in {200, 400}, (status, content)
    if status == 200:
        assert all(0 <= answer["probability"] <= 1 for answer in content["predictions"])
    else:
        assert content["error"]
        assert all(fault["reason"] for fault in content["rows"])
        assert "Traceback" not in body.decode()


def test_after_all_that_the_server_still_answers(server: Client, one_row: dict[str, Any]) -> None:
    assert server.ask({"instances": [one_row]})[0] == 200
    assert server.ask(b" " * (17 << 20))[0] == 413
    assert server.ask({"instances": [one_row]})[0] == 200


def test_new_rows_of_the_sample_have_all_columns_that_the_champion_needs(
    finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow.set_tracking_uri(finished.project.address)
    folder = finished.project.root / "data" / "01_raw"
    monkeypatch.setenv("CASEBOOK_RAW", str(folder))
    reader = DeclaredRowsReader(
        folder / "redhat", load_case("redhat").new_rows, "2026-01-01", declaration=read_declaration("redhat")
    )
    owners = reader.lookup_table()
    assert owners is not None
    there = {*next(reader.blocks()).rows.columns, *owners.add_prefix("people_").columns}
    assert set(load_champion("redhat").required) <= there
