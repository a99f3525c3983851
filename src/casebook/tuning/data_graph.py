"""The base of a study: the case's graph, its files, and the splits made of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import DataCatalog

from casebook.caching.derivation import Derivation
from casebook.cases.registry import load_case
from casebook.config.loader import open_configuration
from casebook.datasets.run_files import RunFiles
from casebook.run_folders.folder import RunFolder
from casebook.stages import STUDY, create_study_splits_pipeline
from casebook.tuning.prepared_splits import SplitStore, stamp_file

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline

    from casebook.tuning.plan import StudyPlan


def open_splits(plan: StudyPlan) -> SplitStore:
    """Open the prepared splits of a plan, with what makes further ones."""
    graph = study_graph(plan.case)
    catalog = open_catalog(plan, graph)
    derivation = Derivation(graph, {plan.case: plan.parameters}, catalog.load, catalog.exists, plan.fingerprint)
    return SplitStore(Path(plan.folder), derivation, plan.stamps or {})


def study_graph(case: str) -> Pipeline:
    """Wire everything from raw files to splits."""
    declared = load_case(case)
    graph = declared.create_pipeline()
    dealing = type(graph)(create_study_splits_pipeline(declared.feature_sources), namespace=case)
    needed = graph - graph.only_nodes_with_tags(STUDY)
    return needed.to_outputs(*(name for name in dealing.inputs() if name in needed.all_outputs())) + dealing


def open_catalog(plan: StudyPlan, graph: Pipeline) -> DataCatalog:
    """Open the catalog of a study, whose files lie in the folder of its run; paths hold in the project's folder."""
    catalog: DataCatalog = DataCatalog.from_config(open_configuration(plan.environment)["catalog"])
    RunFiles(catalog, plan.case, graph.datasets()).point_to(RunFolder(plan.case, plan.run_id))
    return catalog


def stamp_base(plan: StudyPlan) -> dict[str, list[Any]]:
    """Say which writing of each file of the base belongs to this study."""
    graph = study_graph(plan.case)
    catalog = open_catalog(plan, graph)
    found = {}
    for name in graph.all_outputs() & graph.all_inputs():
        path = _path_of(catalog.get(name)) if name in catalog else None
        if path is not None and path.exists():
            found[str(path)] = stamp_file(path)
    return found


def _path_of(dataset: object) -> Path | None:
    """Find the file of a dataset, of a cached one that of what it caches."""
    inner = getattr(dataset, "_dataset", dataset)
    path = getattr(inner, "_filepath", None)
    return Path(path) if path is not None else None
