"""Catalog dataset of the processes that work on raw files in parts."""

from __future__ import annotations

import shutil
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kedro.io import DatasetError

from casebook.datasets.file_dataset import FileDataset
from casebook.datasets.raw import RawFileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from casebook.cluster.addresses import ClusterAddresses
    from casebook.datasets.raw_parts import RawPart
    from casebook.out_of_core.recipe import PartWorkers, ShardPlace


class PartWorkersDataset(FileDataset):
    """Read-only: opens workers, and a place for what they write."""

    # Of the cluster that this command runs on; none on one machine.
    addresses: ClusterAddresses | None = None

    def load(self) -> PartWorkshop:
        """Return what opens them."""
        return PartWorkshop(self._filepath.absolute(), PartWorkersDataset.addresses)

    def save(self, data: object) -> None:  # noqa: ARG002 - Kedro's signature
        """Raise DatasetError: workers are no data."""
        raise DatasetError("workers are opened, not saved")


@dataclass(frozen=True)
class PartWorkshop:
    """Opens workers, and the place of their shards.

    Attributes:
        folder: for shards, and for what does not fit into a worker's memory.
        addresses: of the cluster; none on one machine.
    """

    folder: Path
    addresses: ClusterAddresses | None

    @contextmanager
    def open(self, parts: Mapping[str, Sequence[RawPart]]) -> Iterator[tuple[PartWorkers, ShardPlace]]:
        """Open the workers for parts of raw files.

        Yields:
            The workers, and where they put shards.

        Raises:
            RawFileError: workers of a cluster would not see what is unpacked here.
        """
        from casebook.cluster import dask_parts
        from casebook.out_of_core.encoding import ShardFolder

        shards, scratch = self.folder / "shards", self.folder / "scratch"
        shutil.rmtree(shards, ignore_errors=True)
        every = [part for some in parts.values() for part in some]
        files, copies = sorted({part.path for part in every}), {part.path for part in every if part.copy}
        try:
            if self.addresses is None:
                size = sum(_count_bytes(file) for file in files)
                with dask_parts.open_local(size, scratch) as workers:
                    yield workers, ShardFolder(shards)
            else:
                self._refuse_copies(every)
                with (
                    closing(dask_parts.SharedShards(self.addresses.shared, shards)) as place,
                    dask_parts.open_remote(self.addresses, files) as remote,
                ):
                    place.begin()
                    yield remote, place
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
            for copy in copies:
                copy.unlink(missing_ok=True)

    @staticmethod
    def _refuse_copies(parts: Sequence[RawPart]) -> None:
        """Refuse files that are unpacked on this machine.

        Raises:
            RawFileError: names the first.
        """
        if source := next((part.source for part in parts if part.copy), ""):
            raise RawFileError(
                f"{source} is packed or not in UTF-8, and read in parts from a copy that this machine alone has: save "
                "it unpacked in UTF-8, or as Parquet, for the workers of a cluster, or give engine=pandas"
            )


def _count_bytes(path: Path) -> int:
    files: list[Any] = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)
