"""Deep-learning use cases as tracked, tunable, servable pipelines."""

import os

__version__ = "0.1.0"

# TensorFlow reads this when it is imported; below errors it tells of processors and missing GPUs at every start.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Boosted trees wait for their threads by spinning otherwise, which takes minutes where the cores are shared.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# MLflow starts its telemetry when it is imported, long before a hook could say no.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
