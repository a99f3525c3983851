"""Configuration files as Kedro's loader gets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from casebook.config.loader import CONFIG_LOADER_ARGS, CaseConfigLoader
from casebook.config.yaml_text import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    for name in ("base", "local"):
        (tmp_path / name).mkdir()
    (tmp_path / "base" / "pima" / "variants").mkdir(parents=True)
    return tmp_path


def load(conf: Path) -> dict[str, object]:
    loaded: dict[str, object] = CaseConfigLoader(str(conf), env="local", **CONFIG_LOADER_ARGS)["parameters"]
    return loaded


def test_files_are_read_by_yaml_1_2_and_interpolations_are_resolved(conf: Path) -> None:
    (conf / "base" / "parameters.yml").write_text(
        "\ufeffpima: {seed: 010, time: 1:30, off: no, rate: 1e-05, size: 1_000, copy: '${pima.seed}', 2024: x}"
    )
    assert load(conf) == {
        "pima": {"seed": 10, "time": "1:30", "off": "no", "rate": 1e-05, "size": "1_000", "copy": 10, "2024": "x"}
    }


def test_a_key_that_a_file_has_twice_is_refused_by_file_and_line(conf: Path) -> None:
    file = conf / "base" / "parameters.yml"
    file.write_text("pima:\n  epochs: 1\n  epochs: 2\n")
    with pytest.raises(ConfigurationError, match=rf"{file}, line 3: the key epochs stands there already, in line 2"):
        load(conf)


def test_a_leaf_that_two_files_of_an_environment_give_is_refused_by_their_names(conf: Path) -> None:
    for name in ("parameters.yml", "parameters_more.yml"):
        (conf / "base" / name).write_text("pima: {epochs: 1}")
    with pytest.raises(ConfigurationError, match=r"parameters.*\.yml and .*: pima.epochs; keep each in one of the"):
        load(conf)


def test_a_variant_that_two_files_make_up_together_is_refused_by_their_names(conf: Path) -> None:
    (conf / "base" / "parameters.yml").write_text("pima: {seed: 1}")
    folder = conf / "base" / "pima" / "variants"
    (folder / "wide.yml").write_text("pima: {variants: {wide: {epochs: 1}}}")
    (folder / "wide.yaml").write_text("pima: {variants: {wide: {seed: 2}}}")
    with pytest.raises(
        ConfigurationError, match=r"wide.yaml and .*wide.yml both state pima.variants.wide: keep it in one of the files"
    ):
        load(conf)


def test_an_environment_may_change_a_variant(conf: Path) -> None:
    (conf / "base" / "pima" / "variants" / "wide.yml").write_text("pima: {variants: {wide: {epochs: 1, seed: 1}}}")
    (conf / "local" / "parameters.yml").write_text("pima: {variants: {wide: {epochs: 2}}}")
    assert load(conf) == {"pima": {"variants": {"wide": {"epochs": 2, "seed": 1}}}}


def test_a_file_in_another_encoding_is_refused_by_name(conf: Path) -> None:
    file = conf / "base" / "parameters.yml"
    file.write_bytes("pima: {name: Zürich}".encode("latin-1"))
    with pytest.raises(ConfigurationError, match=f"{file}: it is not in UTF-8"):
        load(conf)
