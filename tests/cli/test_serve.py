"""`casebook serve`: a case that has nothing to answer with; `tests/serving` asks a server that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow import MlflowClient

from casebook.cli import arguments

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from click.testing import Result


def test_a_case_without_champion_ends_the_command_with_what_to_do(
    casebook: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arguments, "_listen", lambda *_: None)
    result = casebook("serve", "redhat")
    assert result.exit_code == 1
    assert result.output.startswith("Error: redhat has no champion in sqlite:///")
    assert result.output.count("\n") == 1


def test_it_listens_on_loopback_unless_told_otherwise(casebook: Callable[..., Result]) -> None:
    assert "[default: 127.0.0.1]" in " ".join(casebook("serve", "--help").output.split())


def test_a_request_may_have_16_megabytes_unless_told_otherwise(
    casebook: Callable[..., Result],
) -> None:
    written = " ".join(casebook("serve", "--help").output.split())
    assert "--max-megabytes NUMBER Largest request that is accepted; others get 413. [default: 16; x>=1]" in written
    refused = casebook("serve", "redhat", "--max-megabytes", "0")
    assert (refused.exit_code, "'--max-megabytes': 0 is not in the range x>=1." in refused.output) == (2, True)


def test_a_model_that_is_registered_under_a_name_of_its_own_is_looked_for(
    casebook: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arguments, "_listen", lambda *_: None)
    refused = casebook("serve", "own")
    assert refused.output.startswith("Error: there is no case 'own'; there are redhat,")
    MlflowClient().create_registered_model("own")
    assert casebook("serve", "own").output.startswith("Error: own has no champion in sqlite:///")
