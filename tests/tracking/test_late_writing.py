"""What is logged while the MLflow server is away arrives late, whole and in order."""

from __future__ import annotations

from threading import Event

import pytest
from mlflow.exceptions import MlflowException, RestException

from casebook.tracking import late_writing
from casebook.tracking.late_writing import LateWriter, outlast

AWAY = MlflowException("API request to http://127.0.0.1:1/api failed with exception Connection refused")
REFUSED = RestException({"error_code": "INVALID_PARAMETER_VALUE", "message": "no such run"})
BROKEN = RestException({"error_code": "INTERNAL_ERROR", "message": "its database is away"})


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late_writing, "RETRY_SECONDS", 0.0)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")


class Server:
    """Fails as often as it is told, then keeps what it gets."""

    def __init__(self, *errors: MlflowException) -> None:
        self.errors, self.kept = [*errors], list[int]()

    def write(self, value: int) -> int:
        if self.errors:
            raise self.errors.pop(0)
        self.kept.append(value)
        return value


def test_a_call_is_repeated_until_the_server_is_back() -> None:
    server = Server(AWAY, BROKEN, AWAY)
    assert outlast(lambda: server.write(7)) == 7
    assert server.kept == [7]


def test_what_the_server_refuses_is_raised_at_once_and_what_lasts_too_long_too() -> None:
    server = Server(REFUSED)
    with pytest.raises(RestException, match="no such run"):
        outlast(lambda: server.write(7))
    with pytest.raises(MlflowException, match="API request to"):
        outlast(lambda: Server(AWAY).write(7), patience=-1.0)


def test_a_writer_does_not_wait_and_loses_nothing() -> None:
    server, back, writer = Server(AWAY, AWAY), Event(), LateWriter()
    writer.submit(back.wait)
    for value in range(5):
        writer.submit(lambda value=value: server.write(value))
    assert server.kept == []
    back.set()
    writer.close()
    assert server.kept == [0, 1, 2, 3, 4]


def test_what_was_refused_is_raised_at_the_end() -> None:
    server, writer = Server(REFUSED), LateWriter()
    writer.submit(lambda: server.write(0))
    with pytest.raises(RestException, match="no such run"):
        writer.close()
