"""The data graph of a study: the part of the case's pipeline from raw files to splits, and its files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import DataCatalog

from casebook.caching.lineage import DerivedDatasets
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
    """Open the store of a plan's prepared splits, which computes those that are not there yet."""
    graph = study_graph(plan.case)
    catalog = open_catalog(plan, graph)
    datasets = DerivedDatasets(graph, {plan.case: plan.parameters}, catalog.load, catalog.exists, plan.fingerprint)
    return SplitStore(Path(plan.folder), datasets, plan.stamps or {})


def study_graph(case: str) -> Pipeline:
    """Select the pipeline from raw files to splits."""
    declared = load_case(case)
    graph = declared.create_pipeline()
    splitting = type(graph)(create_study_splits_pipeline(declared.feature_sources), namespace=case)
    needed = graph - graph.only_nodes_with_tags(STUDY)
    return needed.to_outputs(*(name for name in splitting.inputs() if name in needed.all_outputs())) + splitting


def open_catalog(plan: StudyPlan, graph: Pipeline) -> DataCatalog:
    """Open the catalog of a study, whose files lie in the folder of its run; paths hold in the project's folder."""
    catalog: DataCatalog = DataCatalog.from_config(open_configuration(plan.environment)["catalog"])
    RunFiles(catalog, plan.case, graph.datasets()).point_to(RunFolder(plan.case, plan.run_id))
    return catalog


def stamp_base(plan: StudyPlan) -> dict[str, list[Any]]:
    """Return the stamp of each intermediate file that the study's splits are computed from (see `stamp_file`)."""
    graph = study_graph(plan.case)
    catalog = open_catalog(plan, graph)
    found = {}
    for name in graph.all_outputs() & graph.all_inputs():
        path = _path_of(catalog.get(name)) if name in catalog else None
        if path is not None and path.exists():
            found[str(path)] = stamp_file(path)
    return found


def _path_of(dataset: object) -> Path | None:
    """Return the path of a dataset, of a cached one that of the dataset behind it."""
    inner = getattr(dataset, "_dataset", dataset)
    path = getattr(inner, "_filepath", None)
    return Path(path) if path is not None else None
