"""The parameters as a run would have them, where no hook resolves them: Kedro-Viz runs without hooks."""

from __future__ import annotations

import sys
from typing import Any

from casebook.config.loader import CaseConfigLoader

# What shows a project imports this before the project's settings.
VIEWER = "kedro_viz.server"


def is_viewed() -> bool:
    """Test whether Kedro-Viz loads the project in this process, to show it."""
    return VIEWER in sys.modules


class ResolvedConfigLoader(CaseConfigLoader):
    """Overlays variant and command line and fills in defaults when parameters are first asked for."""

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - whatever a kind of configuration holds
        """Load one kind of configuration."""
        if key != "parameters" or key in self.data:
            return super().__getitem__(key)
        # Pydantic and the cases' classes are needed by this alone.
        from casebook.cases.declared import keep_resolved
        from casebook.config.resolve import resolve_parameters

        resolved = resolve_parameters(super().__getitem__(key), self.runtime_params or {})
        keep_resolved(resolved)
        self[key] = resolved
        return resolved
