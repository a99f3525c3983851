"""Writing the results as Markdown. Nothing here measures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import comparison_tables as tables
import results_peers as peers
from comparison import GIGABYTE, PREPARATION, WORK, seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from comparison import Comparison

Figures = dict[str, Any]

HEADER = ("what", "reference", "casebook", "measured", "must reach", "", "when")
STAGES = ("start", *PREPARATION, "profile", "tensorflow", "training", "reference", "evaluation", "packaging", "total")
METHOD = """\
Reference is `benchmarks/reference_redhat.py`, the published way in pandas, scikit-learn and Keras; casebook is `kedro
run --pipelines=redhat` in a copy of the project with an empty MLflow store. Both read the same CSV files, each in its
own process, one after the other.

- Raw files to model arrays: the reference from `read_csv` to scaled NumPy arrays; casebook the stages ingestion,
  merging, features, splitting and preprocessing in a run of their own, with schema checks, Parquet and `.npy` files.
  Since tables are written in the background, its clock stops when the run has ended and every file is there. The
  profile of the raw tables belongs to none of this; in the whole run it comes between the stages and has its own row
  below. Imports made inside a stage count there; the reference's imports do not, nor does hashing the raw files (part
  of the start).
- Peak memory, in GB of 10^9 bytes: the largest sum of the resident memory (RSS) of a process and its descendants,
  sampled every 50 ms, or the kernel's high-water mark of the process where that is larger. Shared and memory-mapped
  pages count in full.
- Time to accuracy: both train on the rows of the same row split and are validated on the same rows, validation after
  each epoch included. The reference's clock starts before its network is built; casebook's with its training stage,
  and it ends with the first epoch whose `val/accuracy` reaches that of the reference's last one. Saving the network
  counts against casebook. Importing Keras and TensorFlow counts for neither and is given below.
- Kedro, MLflow and packaging: wall time of the whole process less the stages of work (ingestion to preprocessing,
  profile, training, reference, evaluation) and the start of TensorFlow: start of Python, configuration, a new MLflow
  store (its tables copied from those that the environment keeps), hashing the raw files, logging, the model, exit.
- The files are generated (`casebook.synthetic_data.redhat`, seed 1) in the form and shares of the original ones.
- Rossmann: `benchmarks/reference_rossmann.py` beside `kedro run --pipelines=rossmann` with the same variant up
  to `score_test`, on the real files where `CASEBOOK_RAW` names them. The whole processes are compared, less the seconds
  of casebook's reference, which the other side does not fit.
- Study: both sides try the same thirty settings; casebook's median pruner acts from the first epoch on, as Optuna's own
  does by default. Time counts from the first start to the last end of a trial.
- Small cases: whole `kedro run`s with the published network on generated samples of the originals' sizes, a new MLflow
  store, figures and packaging included. The start of TensorFlow is a stage of its own, beside training.
- A model in use: Red Hat's default becomes champion in a copy of the project. `redhat_predict`
  scores the generated act_test.csv and a file of it ten times over: rows from the first byte read to the last written,
  drift and writing included, start of the process and loading of the model not; the peak is of the whole process. The
  server is asked over loopback, requests written before the clock starts; under load one request in ten is malformed
  and every good answer is compared with the first one.
- Pages, of pima's default: `report.html` is made anew by a process of its own, imports included (median of 3). The
  server starts 7 times with and 7 without its page by turns, up to its first answer, compared by CPU seconds; the form
  is asked 200 times.
- Set-up: `make install` in a copy of the project beside pip 26.3 from the same lock, on a warm disk, each with a
  cache of its own that is empty first and full the second time; both write byte code (casebook leaves out the tests
  of other packages). casebook's seconds include its environment, uv itself and the installation of the project;
  pip's do not. The eight rows: `benchmarks/bench.py --people 20000 --activities 200000 --only setup`, beside
  ed30312 in turn (pima 7 runs each, redhat 3), on a machine with nothing else to do.
- flights, raw files to arrays: `benchmarks/reference_flights.py`, whose clock leaves out the imports, beside the stages
  schema to preprocessing in a run of their own, whose clock stops when every file is written. The reference keeps its
  arrays in memory; casebook's seconds include its Parquet and `.npy` files, promotion rows, the search for columns that
  tell the time, what is logged to MLflow, and imports within a stage. Memory is of the whole processes, Kedro and
  MLflow included (0.3 GB before the first stage; pandas and scikit-learn 0.2 GB).
- Cluster: all services, the launch and the workers on one machine. Trials that wait begin on 64 threads of 8
  processes once these have imported what they need. A folder of files of 500,000 rows each (`CLUSTER_FILES`, 100
  unless it is given) is scored by one process, and by two workers, in turn (`CLUSTER_PAIRS`, 3), with the same model
  and both cores: a process works on two blocks of rows at once. Both write to the same disk. The row is the smaller
  one of two shares: rows a second by the clock of the scoring, on the same cores, which counts those that wait, and
  rows a CPU second of the command, on the cluster with what its scheduler and workers take more than where they
  have nothing to do, which says the same on a busy machine. The MLflow server and PostgreSQL, which both ways use,
  are in neither."""

TABLES_METHOD = """\
Each is declared by `casebook init` and run once with what that wrote; only the columns under `closed` were given the
role leak, as a user does who has read the suspects. Network (the default, which averages it with boosted trees),
reference (LightGBM) and baseline (class shares or training mean) are scored on the same test rows. `worse by` is the
network's distance to the reference as a share of the reference's distance to the baseline; `and` has a second metric of
the three."""


def render_results(
    rows: Sequence[Comparison],
    parts: Mapping[str, Figures],
    command: str,
    size: str,
    machine: Mapping[str, str],
) -> str:
    """Write the whole page.

    Args:
        rows: the comparison.
        parts: figures of each part, with `date` and `load`.
        command: how the benchmark was started.
        size: of the generated files.
        machine: what it ran on, by name.
    """
    head = [f"`{command}`, {size}.", "", *(f"- {name}: {value}" for name, value in machine.items())]
    measured = [describe_part(name, part) for name, part in parts.items()]
    sections = [
        "# casebook beside the straightforward way",
        "\n".join(head),
        render_table(
            HEADER, ([r.what, r.reference, r.casebook, r.measured, r.limit, r.verdict, shown_dates(r)] for r in rows)
        ),
        *details(parts),
        "## Method",
        METHOD,
        "## Parts",
        "\n".join(measured),
    ]
    return "\n\n".join(sections) + "\n"


def describe_part(name: str, part: Figures) -> str:
    """Say when a part was measured, how busy the machine was before it, and what went wrong."""
    failure = f"; failed: {part['error']}" if "error" in part else ""
    return f"- {name}: {part['date']}, load before it {part['load']}{failure}"


def render_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a Markdown table; bars inside cells are escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines
    )


def shown_dates(row: Comparison) -> str:
    """Give when a row's parts were measured: one day where it was the same."""
    days = sorted({date[:10] for date in row.dates})
    return " and ".join(days) or "-"


def details(parts: Mapping[str, Figures]) -> list[str]:
    """Write what stands behind the rows, for the parts that have figures."""
    reference = parts.get("reference", {}).get("figures")
    casebook = parts.get("casebook", {}).get("figures")
    alone = parts.get("preparation", {}).get("figures")
    sections = []
    if casebook or alone:
        stages = [figures["stages"] if figures else {} for figures in (casebook, alone)]
        header = ("stage", "whole run", "preparation alone")
        sections += ["## casebook's seconds by stage", render_table(header, stage_rows(*stages))]
    if reference or casebook:
        sections += ["## What was trained", render_table(("", "reference", "casebook"), facts(reference, casebook))]
    own = parts.get("tables", {}).get("figures")
    if own:
        sections += [
            "## Your own table: 14 real ones",
            TABLES_METHOD,
            render_table(tables.HEADER, tables.table_rows(own)),
        ]
    if beside := parts.get("peers", {}).get("figures"):
        sections += [
            peers.HEADING,
            peers.describe_place(beside),
            peers.METHOD,
            render_table(peers.HEADER, peers.summary_rows(beside)),
        ]
        for heading, lines in peers.describe_tables(beside).items():
            sections += [f"### {heading}", render_table(peers.TABLE_HEADER, lines)]
    return sections


def stage_rows(whole: Mapping[str, float], alone: Mapping[str, float]) -> list[tuple[str, str, str]]:
    """Give the seconds of each stage in both runs, and sums of stages; a dash where a run lacks one."""
    sums = {name: (name,) for name in STAGES} | {"ingestion to preprocessing": PREPARATION, "all stages of work": WORK}
    return [(name, total_or_dash(whole, names), total_or_dash(alone, names)) for name, names in sums.items()]


def total_or_dash(stages: Mapping[str, float], names: Sequence[str]) -> str:
    """Give the seconds of some stages together."""
    return f"{seconds_of(stages, names):.2f}" if all(name in stages for name in names) else "-"


def facts(reference: Figures | None, casebook: Figures | None) -> list[tuple[str, str, str]]:
    """Set rows, features and training side by side; a part without figures has dashes."""
    sides = [describe(figures) for figures in (reference, casebook)]
    names = ("rows", "features", "import of Keras and TensorFlow", "validation accuracy by epoch", "whole process")
    return [(name, *(side.get(name, "-") for side in sides)) for name in names]


def describe(figures: Figures | None) -> dict[str, str]:
    """Put one side's figures in words."""
    if figures is None:
        return {}
    return {
        "rows": " / ".join(f"{count:,}" for count in figures["rows"].values()),
        "features": str(figures["features"]),
        "import of Keras and TensorFlow": f"{figures['import_keras']:.1f} s",
        "validation accuracy by epoch": ", ".join(describe_epoch(point) for point in figures["curve"]),
        "whole process": f"{figures['wall_seconds']:.1f} s, {figures['peak_bytes'] / GIGABYTE:.2f} GB",
    }


def describe_epoch(point: Figures) -> str:
    """Give an epoch's accuracy, and its time and loss where they are known."""
    known = [f"{point['seconds']:.1f} s"] if "seconds" in point else []
    known += [f"loss {point['loss']:.4f}"] if "loss" in point else []
    return f"{point['accuracy']:.4f}" + (f" ({', '.join(known)})" if known else "")
