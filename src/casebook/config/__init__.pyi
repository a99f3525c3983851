from .loader import open_configuration
from .paths import project_root, raw_folder, tracking_uri
from .resolve import InvalidParametersError, resolve_parameters

__all__ = [
    "InvalidParametersError",
    "open_configuration",
    "project_root",
    "raw_folder",
    "resolve_parameters",
    "tracking_uri",
]
