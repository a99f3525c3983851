"""An environment that is a cluster's: its addresses are set and checked before anything else happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from kedro.config import MissingConfigException
from kedro.framework.hooks import hook_impl

from casebook.config.extras import MissingExtraError, require_extra
from casebook.config.paths import project_root
from casebook.datasets.part_workers import PartWorkersDataset

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext

    from casebook.cluster.addresses import ClusterAddresses
    from casebook.tuning.execution import TrialExecutor

KEYS = {"variables"}


class ClusterHook:
    """Set up what an environment with a `cluster.yml` runs on."""

    # Of the cluster that this command runs on; None on one machine.
    addresses: ClusterAddresses | None = None

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Read the addresses, and refuse to begin where one is missing or cannot be reached."""
        settings = read_settings(context)
        ClusterHook.addresses = PartWorkersDataset.addresses = None
        if settings is None:
            return
        try:
            require_extra("cluster", f"--env={context.env}")
        except MissingExtraError as error:
            raise click.UsageError(str(error)) from None
        ClusterHook.addresses = PartWorkersDataset.addresses = open_addresses(str(settings.get("variables", "")))


def read_settings(context: KedroContext) -> dict[str, Any] | None:
    """Read an environment's `cluster.yml`; None where it has none.

    Raises:
        UsageError: it has other keys than `variables`.
    """
    try:
        found: dict[str, Any] = context.config_loader["cluster"].get("cluster") or {}
    except (KeyError, MissingConfigException):
        return None
    unknown = sorted(found.keys() - KEYS)
    if unknown:
        raise click.UsageError(f"cluster.yml: there is no key cluster.{unknown[0]}; there is cluster.variables")
    return found


def open_addresses(file: str) -> ClusterAddresses:
    """Set the variables that are not set from a file of the project, and check that all can be reached.

    Raises:
        UsageError: names each that is missing or cannot be reached.
    """
    import os

    from casebook.cluster.addresses import (
        ClusterAddresses,
        UnreachableError,
        check_addresses,
        move_credentials,
        set_variables,
    )

    differing = set_variables(project_root() / file) if file else []
    move_credentials(os.environ)
    addresses = ClusterAddresses.of(os.environ)
    try:
        check_addresses(addresses)
    except UnreachableError as error:
        # After `casebook cluster down` a shell may still have the addresses of the cluster that was.
        hint = (
            f"\n{file} has another {' and '.join(differing)} than this shell, which comes first: unset it, or source "
            "that file"
        )
        raise click.UsageError(f"the cluster cannot be used:\n{error}{hint if differing else ''}") from None
    return addresses


def choose_part_executor() -> None:
    """Let the files of a folder be scored on this command's cluster, where it has one."""
    from casebook.datasets.scored import ScoredFiles
    from casebook.datasets.scored_parts import LocalParts

    if ClusterHook.addresses is None:
        ScoredFiles.executor = LocalParts()
        return
    from casebook.cluster.dask_scoring import DaskParts

    ScoredFiles.executor = DaskParts(ClusterHook.addresses)


def open_executor() -> TrialExecutor | None:
    """Return what runs the trials of a study on this command's cluster; None on one machine."""
    if ClusterHook.addresses is None:
        return None
    from casebook.cluster.dask_trials import DaskTrials

    return DaskTrials(ClusterHook.addresses)
