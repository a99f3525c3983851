"""No password of an address is shown, however it is written."""

from __future__ import annotations

import pytest

from casebook.config.secrets import hide_password, hide_passwords


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://ann:secret@host:5432/studies", "postgresql://ann@host:5432/studies"),
        ("postgresql://ann:se/cr@et@host/studies", "postgresql://ann@host/studies"),
        ("postgresql://host/studies?user=ann&password=secret", "postgresql://host/studies?user=ann&password=***"),
        ("https://ann:secret@host", "https://ann@host"),
        ("s3://bucket/folder", "s3://bucket/folder"),
        ("journal:///data/a@b/study.journal", "journal:///data/a@b/study.journal"),
    ],
)
def test_an_address_is_shown_without_its_password(address: str, shown: str) -> None:
    assert hide_password(address) == shown


def test_a_text_is_shown_without_the_passwords_in_it() -> None:
    text = "kedro run --params redhat.study.storage=postgresql://ann:se:cret@host/x and http://host:80/a?token=secret"
    shown = "kedro run --params redhat.study.storage=postgresql://***@host/x and http://host:80/a?token=***"
    assert hide_passwords(text) == shown
    assert hide_passwords("mail ann@example.org at 10:30") == "mail ann@example.org at 10:30"
