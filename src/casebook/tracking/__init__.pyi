from .curve_writer import CurveWriter
from .mlflow_client import child_run, log_metrics, log_package, set_tags
from .sqlite_store import create_store_once

__all__ = ["CurveWriter", "child_run", "create_store_once", "log_metrics", "log_package", "set_tags"]
