"""Beyond one machine: trials and files to score as tasks of Dask, its addresses, a shared store, a local cluster."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
