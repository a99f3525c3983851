"""Resolution and validation of parameters, before any other hook reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from kedro.framework.hooks import hook_impl

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext


class ParametersHook:
    """Replace the loaded parameters by the resolved ones, as plain values."""

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Overlay variant and command line on the configuration and validate the result."""
        from casebook.cases.declared import keep_resolved

        # Pydantic and the cases' classes are not needed to list commands.
        from casebook.config.best_file import find_damaged_files
        from casebook.config.resolve import InvalidParametersError, resolve_parameters

        given = context._runtime_params or {}
        for file, why in find_damaged_files():
            raise click.ClickException(f"{file} is {why}; remove it: the next study writes it anew")
        try:
            resolved = resolve_parameters(context.config_loader["parameters"], given)
        except InvalidParametersError as error:
            raise click.UsageError(str(error)) from None
        keep_resolved(resolved)
        context.config_loader["parameters"] = resolved
