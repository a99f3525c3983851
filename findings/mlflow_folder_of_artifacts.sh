#!/bin/sh
# MLflow 3.17.2, artifacts on the local disk: a process that is killed while it logs a folder.
#
# Expected: `log_artifacts(folder)` writes each file as `log_artifact(file)` does, beside its name, and renames it, so that
# an artifact is whole or not there.
# Seen: the files of a folder are copied into place; after a kill in the middle of one, half of it bears its name, and
# nothing tells it from a whole one. The same kill of `log_artifact` leaves nothing under the name.
# Whom it hurts: everybody whose figures or models are logged as folders (`log_model` does) and whose jobs are preempted,
# run out of memory or are interrupted.
# Fails when the folder's file is whole or not there either.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check mlflow==3.17.2
cat > "$work/kill.py" <<'PY'
import subprocess
import sys
import time
from pathlib import Path

from mlflow import MlflowClient

BYTES = 1 << 30
LOG = "import sys; from mlflow import MlflowClient; getattr(MlflowClient(sys.argv[1]), sys.argv[2])(*sys.argv[3:])"

work = Path(sys.argv[1])
store = f"sqlite:///{work}/runs.db"
client = MlflowClient(store)
experiment = client.create_experiment("killed", (work / "artifacts").as_uri())
folder = work / "folder"
folder.mkdir()
with (folder / "large.bin").open("wb") as file:
    for _ in range(BYTES >> 20):
        file.write(b"x" * (1 << 20))


def kill_while(call, given):
    """Kill a process in the middle of its writing -> how many bytes bear the artifact's name then, or None."""
    run = client.create_run(experiment).info.run_id
    artifacts = work / "artifacts" / run / "artifacts"
    process = subprocess.Popen([sys.executable, "-c", LOG, store, call, run, str(given)])
    while not any(0 < path.stat().st_size < BYTES for path in artifacts.glob("*")):
        assert process.poll() is None, "it ended before it could be killed: make BYTES larger"
        time.sleep(0.001)
    process.kill()
    process.wait()
    left = artifacts / "large.bin"
    return left.stat().st_size if left.exists() else None


alone, inside = kill_while("log_artifact", folder / "large.bin"), kill_while("log_artifacts", folder)
print("log_artifact left", alone, "and log_artifacts", inside, "of", BYTES, "bytes under the name")
assert alone is None and inside is not None and inside < BYTES
PY
MLFLOW_DISABLE_TELEMETRY=true "$work/venv/bin/python" "$work/kill.py" "$work" 2>/dev/null
