"""From files that nothing is known of to a declared case: dialect, types, roles, joins, split, leak suspects."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
