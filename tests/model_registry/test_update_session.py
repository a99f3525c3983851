"""Which batches an update need not learn again, by what became of the versions that learnt from them."""

from __future__ import annotations

import mlflow
import pytest

from casebook.model_registry.update_session import DIGEST, FOLLOWS, UpdateSession


@pytest.fixture
def client() -> mlflow.MlflowClient:
    client = mlflow.MlflowClient()
    client.create_registered_model("pima")
    return client


def add_version(client: mlflow.MlflowClient, follows: str = "", digest: str = "", promoted: bool = True) -> str:
    told = "champion: better" if promoted else "no champion: worse"
    tags = {DIGEST: digest, FOLLOWS: follows, "promotion": told}
    version = str(client.create_model_version("pima", "file:///nowhere", tags=tags).version)
    if promoted:
        client.set_registered_model_alias("pima", "champion", version)
    return version


def known() -> dict[str, str]:
    return UpdateSession("pima", "a run").known_batches()


def test_what_the_champion_and_those_before_it_have_learnt_from_is_not_learnt_again(
    client: mlflow.MlflowClient,
) -> None:
    first = add_version(client)
    second = add_version(client, first, "d1")
    add_version(client, second, "d2")
    assert known() == {
        "d1": "the champion has learnt from it (version 2)", "d2": "the champion has learnt from it (version 3)",
    }  # fmt: skip


def test_a_batch_tried_in_vain_is_passed_over_with_the_reason_until_there_is_another_champion(
    client: mlflow.MlflowClient,
) -> None:
    first = add_version(client)
    add_version(client, first, "d1", promoted=False)
    (why,) = known().values()
    assert why.startswith("version 2 learnt from it and did not follow (no champion: worse); it is tried again once")
    add_version(client, first, "d2")
    assert known() == {"d2": "the champion has learnt from it (version 3)"}


def test_what_only_a_champion_of_another_line_has_learnt_from_is_learnt_again(client: mlflow.MlflowClient) -> None:
    add_version(client, add_version(client), "d1")
    add_version(client)
    assert known() == {}
