"""Kedro's session, whose runs read the configuration of their case alone and can reuse what earlier ones made."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from kedro.framework.session import KedroSession
from kedro.runner import SequentialRunner

from casebook.caching.misuse import describe_misuse
from casebook.cases.registry import DEFAULT, find_case
from casebook.config.loader import configure_logging, list_case_patterns
from casebook.config.paths import CONF_VARIABLE, conf_source, project_root
from casebook.tracking.disk_space import describe_full_disk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kedro.config import OmegaConfigLoader
    from kedro.runner import AbstractRunner

# Options of a run that leave out nodes to its end.
CHOOSING_OPTIONS = ("tags", "node_names", "to_nodes", "to_outputs")


class CasebookSession(KedroSession):
    """A session whose runs read the configuration of their case alone and can reuse what earlier ones made."""

    case = ""

    def __init__(
        self,
        session_id: str,
        package_name: str | None = None,
        project_path: Path | str | None = None,
        save_on_close: bool = False,
        conf_source: str | None = None,
    ) -> None:
        """Resolve the project's folder, and the configuration that was named."""
        root = Path(project_path or project_root())
        source = conf_source or os.environ.get(CONF_VARIABLE) or str(root / "conf")
        if "://" not in source and not (Path(source).is_file() or (Path(source) / "base").is_dir()):
            raise click.ClickException(
                f"there is no configuration in {source}: name its folder or archive, as in --conf-source=conf"
            )
        # Before hooks are imported, and all that they would warn of with them.
        configure_logging(source)
        super().__init__(session_id, package_name, root, save_on_close, source)

    def run(self, *args: Any, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - Kedro's own
        """Run with a runner that knows what was made before."""
        _refuse_options(options)
        # Kedro imports this module for each of its commands; what a run needs beyond it takes two seconds.
        from casebook.background.runner import BackgroundRunner

        if self._conf_source != conf_source():
            # Workers, and what looks into the configuration beside this session, read the same.
            os.environ[CONF_VARIABLE] = self._conf_source
        names = options.get("pipeline_names") or [options.get("pipeline_name") or DEFAULT]
        self.case = find_case(str(names[0])) if len(names) == 1 else ""
        runner = options.get("runner") or SequentialRunner()
        background = BackgroundRunner()
        if type(runner) is SequentialRunner:
            runner = background
            # Of a case's pipelines only the one that trains has nodes for it; its imports then take no time of the run.
            # A part of one may have none of them: it starts the process with the first that it comes to.
            if names in ([self.case], [DEFAULT]) and runs_to_the_end(options):
                background.start()
        try:
            return self._run_with(runner, args, options)
        finally:
            background.close()

    def _run_with(self, runner: AbstractRunner, args: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Any]:
        from casebook.caching.runner import ReusingRunner

        options["runner"] = ReusingRunner(runner)
        try:
            outcome: dict[str, Any] = super().run(*args, **options)
        except click.ClickException:
            raise
        except Exception as error:
            # Here, since hooks and what ends a run in MLflow fail on a full disk too.
            told = describe_full_disk(error) or describe_misuse(error, self._conf_source)
            if not told:
                raise
            raise click.ClickException(told) from None
        return outcome

    def _get_config_loader(self) -> OmegaConfigLoader:
        """Leave out the other cases, whose parameters take a second to read and are no business of this run."""
        loader: OmegaConfigLoader = super()._get_config_loader()  # type: ignore[assignment]
        if self.case:
            loader.config_patterns |= list_case_patterns(self.case)
        return loader


def runs_to_the_end(options: Mapping[str, Any]) -> bool:
    """Return whether no option of a run leaves out the last nodes of its pipeline, or may do so."""
    return not any(options.get(name) for name in CHOOSING_OPTIONS)


def refuse_runner(option: str) -> click.UsageError:
    """Return the error about an option that asks for another way to run nodes."""
    return click.UsageError(
        f"{option}: leave it out. Nodes log to one MLflow run, in one thread; profiles, figures and the reference "
        "are computed in a process beside the training by themselves"
    )


def _refuse_options(options: Mapping[str, Any]) -> None:
    """Refuse options of Kedro's run that a run here cannot follow.

    Raises:
        UsageError: it says why, and what does the same.
    """
    runner = options.get("runner")
    if runner is not None and (not isinstance(runner, SequentialRunner) or runner._is_async):
        name = "--async" if isinstance(runner, SequentialRunner) else f"--runner={type(runner).__name__}"
        raise refuse_runner(name)
    if options.get("only_missing_outputs"):
        raise click.UsageError(
            "--only-missing-outputs: each run keeps its files in a folder of its own, where all are missing at first; "
            "--params <case>.reuse=true skips what is up to date"
        )
    if options.get("load_versions"):
        raise click.UsageError(
            "--load-versions: datasets have no versions; --params <case>.from_run=<run id> names the run whose files "
            "are taken over"
        )
