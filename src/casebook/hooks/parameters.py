"""Variants and checks, before anything else sees the parameters."""

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
        """Lay the variant and the command line over the configuration and check the result."""
        from casebook.cases.declared import keep_resolved

        # Pydantic and the cases' classes are not needed to list commands.
        from casebook.config.resolve import InvalidParametersError, resolve_parameters

        given = context._runtime_params or {}
        try:
            resolved = resolve_parameters(context.config_loader["parameters"], given)
        except InvalidParametersError as error:
            raise click.UsageError(str(error)) from None
        keep_resolved(resolved)
        context.config_loader["parameters"] = resolved
