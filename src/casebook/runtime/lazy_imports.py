"""Deferral of slow imports that many commands never need."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

DEFERRED_PACKAGES: dict[str, ModuleType] = {}


def defer_import(package: str, part: str) -> None:
    """Defer a package's own code until `import_deferred`, or until something that is defined in it is used.

    Keras and TensorFlow can be imported where they are used; what another package imports at its top cannot.
    (`importlib.util.LazyLoader` is of no use here: Python's own access to `__spec__` loads it at once.)

    Args:
        package: the package around it; nothing happens when it has been imported already, or is not there.
        part: name of the package in it. The modules in that one can still be imported one by one.
    """
    found = None if package in sys.modules else find_spec(package)
    if found is None or not found.submodule_search_locations:
        return
    name = f"{package}.{part}"
    stand_in = ModuleType(name)
    stand_in.__path__ = [f"{folder}/{part}" for folder in found.submodule_search_locations]

    def load(attribute: str) -> Any:  # noqa: ANN401 - whatever the package holds
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return getattr(_import_really(name), attribute)

    stand_in.__getattr__ = load  # type: ignore[method-assign]
    sys.modules[name] = DEFERRED_PACKAGES[name] = stand_in


def import_deferred() -> None:
    """Import the deferred packages now, in their proper order."""
    for name in list(DEFERRED_PACKAGES):
        _import_really(name)


def _import_really(name: str) -> ModuleType:
    stand_in = DEFERRED_PACKAGES.pop(name, None)
    if stand_in is not None and sys.modules.get(name) is stand_in:
        del sys.modules[name]
    package = import_module(name)
    if stand_in is not None:
        # Modules of it that were imported meanwhile.
        inner = {key: value for key, value in vars(stand_in).items() if isinstance(value, ModuleType)}
        vars(package).update(inner)
    return package
