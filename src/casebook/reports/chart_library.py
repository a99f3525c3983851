"""The JavaScript that draws the charts: Vega, Vega-Lite and Vega-Embed in one file, as `vl-convert` bundles them."""

from __future__ import annotations

from contextlib import suppress
from importlib.metadata import version
from typing import TYPE_CHECKING

from casebook.runtime.atomic_files import atomic_write

if TYPE_CHECKING:
    from pathlib import Path

EXPORTED = "window.vegaEmbed = vegaEmbed;"
END = "\n// whole\n"


def load_chart_library(*folders: Path) -> str:
    """Load the bundle, which is made once (about 2 s, 0.9 MB) and needs no network.

    Args:
        folders: where it is looked for; the first that can be written to keeps it.
    """
    import vl_convert

    files = [folder / name_library(vl_convert.get_vega_version()) for folder in folders]
    for file in files:
        with suppress(OSError, ValueError):
            kept = file.read_text(encoding="utf-8")
            # An empty one, or one that was cut off, would leave pages without their charts and say nothing.
            if kept.endswith(END):
                return kept
    # Within a script of a page this would end it.
    library = vl_convert.javascript_bundle(EXPORTED).replace("</script", "<\\/script") + END
    for file in files:
        with suppress(OSError), atomic_write(file) as path:
            path.write_text(library, encoding="utf-8")
            break
    return library


def name_library(vega: str) -> str:
    """Name the file of the bundle, which another version of Vega or of what bundles it makes anew."""
    return f"vega-{vega}-{version('vl-convert-python')}.js"
