#!/bin/sh
# MLflow 3.17.2: loading a registered model writes a file into the model's own folder.
#
# Expected: `mlflow.pyfunc.load_model("models:/m/1")` reads; a store that may only be read can be served from.
# Seen: with artifacts in a local folder, nothing is copied, and a file `registered_model_meta` is written beside MLmodel in
# the run's artifacts, so that loading ends in PermissionError where the folder may only be read, and changes the artifact
# (its digest, its modification time) everywhere else. `runs:/` and `models:/m-<id>` addresses of the same model write nothing.
# Whom it hurts: who serves from a read-only mount or a snapshot, or compares artifacts by digest.
# Fails when loading leaves the folder as it was.
set -eu
work=$(mktemp -d); trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check mlflow==3.17.2
cd "$work"
cat > one.py <<'PY'
import logging, os, pathlib
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
import mlflow
logging.disable(logging.WARNING)
mlflow.set_tracking_uri(f"sqlite:///{os.getcwd()}/mlflow.db")
mlflow.create_experiment("e", artifact_location=f"file://{os.getcwd()}/artifacts")
mlflow.set_experiment("e")

class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: list[str], params=None) -> list[str]:
        return model_input

with mlflow.start_run():
    mlflow.pyfunc.log_model(name="model", python_model=Echo(), registered_model_name="m", pip_requirements=[])
folder = next(pathlib.Path("artifacts").rglob("MLmodel")).parent
before = {file.name for file in folder.iterdir()}
mlflow.pyfunc.load_model("models:/m/1")
new = {file.name for file in folder.iterdir()} - before
print("mlflow", mlflow.__version__, "- written into the artifact by loading it:", sorted(new))
assert new == {"registered_model_meta"}, new
PY
"$work/venv/bin/python" one.py
