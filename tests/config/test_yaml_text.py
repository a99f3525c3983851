"""YAML by version 1.2: what plain values are, in files and on the command line, and keys that a mapping has twice."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casebook.config.yaml_text import ConfigurationError, read_value, read_yaml, write_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("010", 10), ("-7", -7), ("+5", 5), ("0o17", 15), ("0x1F", 31), ("08", 8),
        ("1e-3", 0.001), ("1e3", 1000.0), (".5", 0.5), ("5.", 5.0), ("012.5", 12.5), ("-.inf", -math.inf),
        ("1:30", "1:30"), ("1_000", "1_000"), ("12:30:45", "12:30:45"), ("2015-09-17", "2015-09-17"), ("0b11", "0b11"),
        ("on", "on"), ("off", "off"), ("yes", "yes"), ("no", "no"), ("y", "y"), ("N", "N"), ("=", "="),
        ("true", True), ("False", False), ("null", None), ("~", None), ("", None), ("nULL", "nULL"),
        ("'2024'", "2024"), ("[1, 2]", [1, 2]), ("{a: no}", {"a": "no"}), ("*", "*"), ("[", "["),
    ],
)  # fmt: skip
def test_a_plain_value_is_what_version_1_2_says(text: str, value: object) -> None:
    found = read_value(text)
    assert (found, type(found)) == (value, type(value))
    if text and text not in "*[":
        assert read_yaml(f"key: {text}", "some.yml") == {"key": value}


@given(st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False, allow_infinity=False))
def test_what_is_written_is_read_again(value: Any) -> None:  # noqa: ANN401 - any plain value
    found = read_value(write_value(value))
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "f.yml, line 3: the key a stands there already, in line 1: keep one of them"),
        ("x: {y: 1, 'y': 2}", "f.yml, line 1: the key y stands there already, in line 1: keep one of them"),
        ("x:\n  1: a\n  01: b", "f.yml, line 3: the key 1 stands there already, in line 2: keep one of them"),
        ("x:\n  y: 1\n z: 2", "f.yml, line 3: did not find expected key"),
        ("x: *y", "f.yml, line 1: found undefined alias"),
        ("- 1", "f.yml: it holds [1] where keys and values are expected, as in `epochs: 5`"),
        ("\x00", "f.yml: unacceptable character"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line_by_file_and_line(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as told:
        read_yaml(text, "f.yml")
    assert told.value.message.startswith(message)
    assert "\n" not in told.value.message


def test_merge_keys_still_work_and_what_stands_beside_them_wins() -> None:
    text = "base: &base {epochs: 1, seed: 2}\nown: {<<: *base, epochs: 3}"
    assert read_yaml(text, "f.yml")["own"] == {"epochs": 3, "seed": 2}
