"""Try a change of the defaults of a user's own table, on training and validation rows alone.

    python benchmarks/try_defaults.py --tables credit,taxi --seeds 2 --set training.network.dropout=0.2

Each table is declared by `casebook init` and prepared by the stages of a run, once; the rows of its test part are left
out before anything is learnt. The others are split once more as the case is split (by time: the last days), and both
settings are trained on the same rows, beside the reference. docs/defaults.md has what was tried so.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import yaml

from casebook.baselines.gradient_boosting import fit_reference, predict_reference
from casebook.cases.size_defaults import choose_defaults
from casebook.config import schema
from casebook.config.tree import overlay, unflatten
from casebook.data.splitting import TRAIN, VALIDATION, assign_rows
from casebook.evaluation.prediction import predict
from casebook.evaluation.scores import predict_baseline, score_predictions
from casebook.inference.predictions import class_probability
from casebook.preprocessing.row_schema import RowSchema
from casebook.stages.nodes import apply_preprocessor, fit_preprocessor_on_training
from casebook.training.ensemble import SilentMonitor, train_ensemble
from comparison import PREPARATION
from comparison_tables import METRICS
from parts import ROOT, copy_project
from parts_tables import declare, run_case
from real_tables import TABLES, find_raw

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FOLDER = ROOT / "data" / "bench" / "defaults"


@dataclass(frozen=True)
class Rows:
    """The rows of a table that a run trains on or stops by; none of its test rows.

    Attributes:
        table: features, target and keys of the split.
        row_schema: what features are made of.
        parameters: of the case.
        count: rows of the table, test rows included, by which the defaults go.
    """

    table: pd.DataFrame
    row_schema: RowSchema
    parameters: dict[str, Any]
    count: int


def main() -> None:
    """Train the defaults and the changed ones, and print a line for each table and seed."""
    options = parse_options()
    try:
        raw = find_raw()
        names = choose_tables(options.tables, raw)
    except FileNotFoundError as error:
        sys.exit(str(error))
    said = (each.partition("=") for each in options.set)
    changes = unflatten({leaf: yaml.safe_load(value) for leaf, _, value in said})
    heads = "".join(f"{head:>11}" for head in ("reference", "baseline", "defaults", "changed"))
    print(f"{'table':14}{'seed':>5}{heads}  {'change':>7} {'gained':>7}  CPU seconds")
    for name in names:
        rows = load_rows(name, raw)
        for seed in range(1, options.seeds + 1):
            compare(name, rows, changes, seed)
    print("change: in percent of the baseline's score, below 0 is better; gained: of the reference's distance to it")


def choose_tables(said: str, raw: Path) -> list[str]:
    """Choose the tables that are named, or so many of the smallest ones as are asked for."""
    if not said.isdigit():
        names = [name.strip() for name in said.split(",")]
        if unknown := [name for name in names if name not in TABLES]:
            sys.exit(f"{', '.join(unknown)} is none of {', '.join(TABLES)}")
        return names
    return sorted(TABLES, key=lambda name: TABLES[name].list_files(name, raw)[0].stat().st_size)[: int(said)]


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tables", default="3", help="how many, the smallest first, or names with commas")
    parser.add_argument("--seeds", type=int, default=1, help="of split and training; a split by time stays")
    parser.add_argument("--set", action="append", default=[], help="leaf=value, as training.network.dropout=0.2")
    return parser.parse_args()


def load_rows(name: str, raw: Path) -> Rows:
    """Load the rows of a table, which is declared and prepared where it was not before."""
    project = FOLDER / name / "project"
    if not (project / "prepared").exists():
        copy_project(project)
        declare(name, TABLES[name], raw, project, FOLDER / name)
        run_case(project, name, FOLDER / name / "run.log", [f"--tags={','.join(PREPARATION)}"])
        (project / "prepared").touch()
    run = next((project / "data" / "runs" / name).glob("*/run.json")).parent
    said = yaml.safe_load(next((project / "mlruns").rglob("parameters.yml")).read_text())
    table = pd.read_parquet(run / "04_feature" / "feature_table.parquet")
    part = pd.read_parquet(run / "05_model_input" / "split_assignment.parquet")["part"].to_numpy()
    schema_of_rows = RowSchema.from_dict(json.loads((run / "02_intermediate" / "row_schema.json").read_text()))
    kept = table[(part & (TRAIN | VALIDATION)) > 0].reset_index(drop=True)
    return Rows(kept, schema_of_rows, said.get(name, said), len(table))


def compare(name: str, rows: Rows, changes: Mapping[str, Any], seed: int) -> None:
    """Print the scores of reference, baseline, defaults and changed defaults on rows held out."""
    task = rows.parameters["task"]
    by_time = rows.parameters["split"]["strategy"] == "time"
    defaults = overlay(rows.parameters, choose_defaults(rows.count, task, by_time))
    tried = overlay(defaults, changes)
    if tried == defaults:
        print(f"{name:14}{seed:5}  nothing to try: these are its defaults", flush=True)
        return
    reference, baseline, usual, seconds = score(rows, defaults, seed)
    _, _, changed, other_seconds = score(rows, tried, seed)
    scores = "".join(f"{value:11.5g}" for value in (reference, baseline, usual, changed))
    change, gained = (changed - usual) / baseline, (usual - changed) / abs(baseline - reference)
    print(
        f"{name:14}{seed:5}{scores}  {change:+7.1%} {gained:+7.1%}  {seconds:.1f} and {other_seconds:.1f}", flush=True
    )


def score(rows: Rows, parameters: Mapping[str, Any], seed: int) -> tuple[float, float, float, float]:
    """Train with parameters.

    Returns:
        Log loss or RMSE of reference, baseline and network on the rows held out, and CPU seconds of the training.
    """
    target, task = parameters["target"], parameters["task"]
    preprocessing = schema.read_preprocessing(parameters["preprocessing"]).model_dump(mode="json")
    parts = hold_out(rows, parameters, seed)
    preprocessor = fit_preprocessor_on_training(
        rows.table, parts, preprocessing, parameters["leaks"], parameters["split"],
        feature_sources=rows.row_schema.sources, row_schema=rows.row_schema,
    )  # fmt: skip
    train, validation, held_out = apply_preprocessor(rows.table, parts, preprocessor, target, task)
    settings = schema.read_reference(parameters["reference"])
    trees = fit_reference(train, validation, preprocessor, settings)
    training = schema.TrainingParameters.model_validate({**parameters["training"], "seed": seed})
    start = time.process_time()
    network, _ = train_ensemble(train, validation, preprocessor, training, (), SilentMonitor(), lambda: trees)
    seconds = time.process_time() - start
    classes = network.output_shape[-1] if task == "multiclass" else None
    outputs = (
        class_probability(task, predict_reference(trees, held_out)),
        predict_baseline(task, train["target"], len(held_out["target"]), classes),
        class_probability(task, predict(network, held_out)),
    )
    reference, baseline, own = (score_predictions(task, held_out["target"], each)[METRICS[task]] for each in outputs)
    return reference, baseline, own, seconds


def hold_out(rows: Rows, parameters: Mapping[str, Any], seed: int) -> pd.DataFrame:
    """Split the rows as the case is split, a given split at random -> the column `part`."""
    settings = schema.SplitParameters.model_validate(parameters["split"])
    # A part that the data set gives is the test part, which is gone.
    strategy = "row" if settings.strategy == "given" else settings.strategy
    settings = settings.model_copy(update={"strategy": strategy, "seed": seed})
    labels = None if parameters["task"] == "regression" else rows.table[parameters["target"]].to_numpy()
    part = assign_rows(rows.table, settings, parameters["duplicates"], labels)
    return pd.DataFrame({"part": part.astype(np.uint8)})


if __name__ == "__main__":
    main()
