"""Artifacts on this disk that are whole or not there, those of a folder too.

MLflow 3.17 writes a single file beside its name and renames it, but copies a folder's files into place: a kill leaves
half a figure under its name.
"""

from __future__ import annotations

from pathlib import Path

from mlflow.store.artifact.artifact_repository_registry import _artifact_repository_registry as registry
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

# Of the addresses of artifacts on this disk: a path has none.
SCHEMES = ("", "file")


class WholeArtifacts(LocalArtifactRepository):
    """MLflow's own store of artifacts on this disk, which logs the files of a folder one by one."""

    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
        """Log the files of a folder, and the folders in it."""
        root = Path(local_dir)
        self._get_or_create_artifact_dir(artifact_path)
        for place in sorted(root.rglob("*")):
            inside = Path(artifact_path or "") / place.relative_to(root)
            if place.is_dir():
                self._get_or_create_artifact_dir(inside.as_posix())
            else:
                parent = inside.parent.as_posix()
                self.log_artifact(str(place), None if parent == "." else parent)  # type: ignore[no-untyped-call]


def keep_artifacts_whole() -> None:
    """Let this process log artifacts on this disk by `WholeArtifacts`."""
    for scheme in SCHEMES:
        registry.register(scheme, WholeArtifacts)  # type: ignore[no-untyped-call]
