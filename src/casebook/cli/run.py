"""`casebook run`: Kedro's run, from any folder, in a project or on an installed wheel."""

from __future__ import annotations

from copy import copy
from pathlib import Path
from typing import Any

import click

FORWARDED = {"ignore_unknown_options": True, "allow_extra_args": True}


@click.command(context_settings=FORWARDED, add_help_option=False)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def run(options: tuple[str, ...]) -> None:
    """Run a pipeline, with all options of `kedro run`.

    A case trains (redhat), searches (redhat_study), predicts (redhat_predict), learns on (redhat_update) or is
    looked after (redhat_monitor).
    """
    run_pipeline(list(options), "casebook run")


def run_pipeline(options: list[str] | None, name: str) -> None:
    """Run Kedro's command in the project, else in the current folder.

    Args:
        options: what follows the command; by default what was typed.
        name: of the command, for its help and its errors.
    """
    from kedro.framework.project import configure_project

    configure_project("casebook")
    make_run_command().main(options, prog_name=name)


class ParametersOption(click.Option):
    """`--params`, once or several times; a file of options (`--config`) gives a tree."""

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:  # noqa: ANN401 - click's own
        """Leave a tree as it is."""
        return value if isinstance(value, dict) else super().type_cast_value(ctx, value)


def make_run_command() -> click.Command:
    """Make Kedro's `run`, whose parameters and file of options are read as configuration files are."""
    from kedro.framework.cli.project import run as kedro_run

    command = copy(kedro_run)
    command.params = [_replace(option) for option in kedro_run.params]
    return command


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
