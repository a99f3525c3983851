"""Raw files to split rows: finding and fetching files, joins, schema checks, splitting."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
