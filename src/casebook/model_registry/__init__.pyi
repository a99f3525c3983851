from .champion import Champion, NoChampionError, load_champion
from .model_package import Package, write_package
from .registry import promote_if_better, register_version

__all__ = [
    "Champion",
    "NoChampionError",
    "Package",
    "load_champion",
    "promote_if_better",
    "register_version",
    "write_package",
]
