"""Options of Kedro's `run` that give parameters: read as configuration files are, and refused in one line."""

from __future__ import annotations

from copy import copy
from pathlib import Path
from typing import Any

import click


class ParametersOption(click.Option):
    """`--params`, once or several times; a file of options (`--config`) gives a tree."""

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:  # noqa: ANN401 - click's own
        """Leave a tree as it is."""
        return value if isinstance(value, dict) else super().type_cast_value(ctx, value)


def replace_options(command: click.Command) -> click.Command:
    """Return a command with the options of Kedro's `run`, `--params` and `--config` read by YAML 1.2."""
    replaced = copy(command)
    replaced.params = [_replace(option) for option in command.params]
    return replaced


def _replace(option: click.Parameter) -> click.Parameter:
    replaced = copy(option)
    if option.name == "params" and isinstance(option, click.Option):
        return ParametersOption(
            ["--params"], multiple=True, type=click.UNPROCESSED, help=option.help, callback=_read_parameters
        )
    if option.name == "config":
        replaced.callback = _read_options
    return replaced


def _read_parameters(_context: click.Context, _option: click.Parameter, typed: Any) -> dict[str, Any]:  # noqa: ANN401
    """Read what stands behind `--params`.

    Raises:
        BadParameter: it names no parameters.
    """
    from casebook.config.command_line import CommandLineError, read_parameters

    if isinstance(typed, dict):
        return typed
    try:
        return read_parameters(typed)
    except CommandLineError as error:
        raise click.BadParameter(str(error)) from None


def _read_options(context: click.Context, _option: click.Parameter, file: str | None) -> str | None:
    """Take the options that a file gives; those that were typed win.

    Raises:
        BadParameter: the file has no block of options, or one that does not exist.
    """
    from casebook.config.yaml_text import read_yaml

    if file:
        given = read_yaml(Path(file).read_text(encoding="utf-8"), file).get("run")
        known = [option.name for option in context.command.params if option.name != "config"]
        wrong = [name for name in given or () if name not in known]
        if not isinstance(given, dict) or wrong:
            what = f"no option {wrong[0]}" if wrong else "no block `run:`"
            raise click.BadParameter(f"{file}: {what}; its keys are {', '.join(map(str, known))}")
        context.default_map = {**(context.default_map or {}), **given}
    return file
