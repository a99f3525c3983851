from .addresses import ClusterAddresses, check_addresses
from .dask_trials import DaskTrials
from .shared_store import SharedStore

__all__ = ["ClusterAddresses", "DaskTrials", "SharedStore", "check_addresses"]
