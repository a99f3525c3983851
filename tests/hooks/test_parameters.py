"""What the rest of Kedro sees instead of the loaded parameters."""

from __future__ import annotations

from copy import deepcopy
from types import SimpleNamespace
from typing import Any

import click
import pytest

from casebook.config.loader import read_case
from casebook.hooks.parameters import ParametersHook

CONFIGURED = {"redhat": read_case("redhat", "base")}


def context(given: dict[str, Any] | None) -> SimpleNamespace:
    return SimpleNamespace(config_loader={"parameters": deepcopy(CONFIGURED)}, _runtime_params=given)


def test_the_loaded_parameters_are_replaced_by_resolved_ones() -> None:
    found = context({"redhat": {"variant": "scaled_512x2", "training": {"network": {"hidden": "32x16"}}}})
    ParametersHook().after_context_created(found)
    redhat = found.config_loader["parameters"]["redhat"]
    assert redhat["split"]["strategy"] == "row"
    assert redhat["training"]["network"]["hidden"] == [32, 16]
    assert redhat["training"]["epochs"] == 3


def test_without_a_command_line_the_configuration_is_checked_and_completed() -> None:
    found = context(None)
    ParametersHook().after_context_created(found)
    redhat = found.config_loader["parameters"]["redhat"]
    assert redhat["training"]["network"]["bias_initializer"] == "zeros"
    assert redhat["variants"] == CONFIGURED["redhat"]["variants"]


def test_what_cannot_be_used_ends_the_command_with_one_line_and_code_2() -> None:
    with pytest.raises(click.UsageError, match=r"redhat\.training\.epochs = 0: must be greater") as told:
        ParametersHook().after_context_created(context({"redhat": {"training": {"epochs": 0}}}))
    assert told.value.exit_code == 2
