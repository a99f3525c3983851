#!/bin/sh
# MLflow 3.17.2 on SQLite: two processes that log the same parameters, or the same dataset, to one run at once.
#
# Expected: logging a parameter again with an equal value is allowed, and so is logging a dataset again, so that both
# calls end well whatever their order.
# Seen: the store looks whether the value is there, and inserts it afterwards: one of the two ends in MlflowException,
# "(sqlite3.IntegrityError) UNIQUE constraint failed: params.key, params.run_uuid" (or "datasets.experiment_id, ..."), in
# nearly every round. A tag that both set can fail alike (seen in our own runs, not in this script). A second call ends
# well.
# Whom it hurts: workers of one distributed training or of one study that share a run.
# Fails when forty rounds end without such an error.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check mlflow==3.17.2
cat > "$work/race.py" <<'PY'
import multiprocessing
import sys

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Param

ROUNDS = 20


def log(store, runs, together, failed):
    client = MlflowClient(store)
    for number, run in enumerate(runs):
        dataset = Dataset(f"rows {number}", f"{number}", "local", "{}", profile="{}")
        inputs = [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])]
        parameters = [Param(f"layer.{place}", "1") for place in range(50)]
        for write, given in ((client.log_inputs, {"datasets": inputs}), (client.log_batch, {"params": parameters})):
            together.wait()
            try:
                write(run, **given)
            except Exception as error:
                assert "IntegrityError" in str(error), error
                failed.put(write.__name__)


if __name__ == "__main__":
    store = f"sqlite:///{sys.argv[1]}"
    client = MlflowClient(store)
    experiment = client.create_experiment("race")
    runs = [client.create_run(experiment).info.run_id for _ in range(ROUNDS)]
    spawn = multiprocessing.get_context("spawn")
    together, failed = spawn.Barrier(2), spawn.Queue()
    pair = [spawn.Process(target=log, args=(store, runs, together, failed)) for _ in range(2)]
    for process in pair:
        process.start()
    for process in pair:
        process.join()
    seen = [failed.get() for _ in range(failed.qsize())]
    for name in ("log_inputs", "log_batch"):
        print(name, "failed in", seen.count(name), "of", ROUNDS, "rounds")
    assert "log_inputs" in seen and "log_batch" in seen
PY
MLFLOW_DISABLE_TELEMETRY=true "$work/venv/bin/python" "$work/race.py" "$work/runs.db" 2>/dev/null
