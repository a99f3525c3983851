"""Deep-learning use cases as tracked, tunable, servable pipelines."""

import os

import lazy_loader

__version__ = "0.1.0"

# TensorFlow reads this when it is imported; below errors it tells of processors and missing GPUs at every start.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Keras reads this when it is imported; networks are TensorFlow's, whatever backend is left set for other work.
os.environ["KERAS_BACKEND"] = "tensorflow"
# The threads of boosted trees wait for each other thousands of times a second. Left to itself OpenMP spins for long,
# which takes minutes where the cores are shared; threads that sleep at once take ten times as long to wake as to work.
os.environ.setdefault("GOMP_SPINCOUNT", "100000")
# Arrow reads this when it is imported; its own allocator keeps some of what its threads took to the end of the run.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
# MLflow starts its telemetry when it is imported, long before a hook could say no.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
# A bar for the five small files of each model that is logged or loaded.
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
# Outside the project's folder no `.telemetry` file speaks for a run of the wheel.
os.environ.setdefault("KEDRO_DISABLE_TELEMETRY", "true")

# What notebooks use comes when it is used: none of it is needed to start.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
