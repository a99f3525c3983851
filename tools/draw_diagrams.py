"""Draw the diagrams of the pages in headless Chromium: `python tools/draw_diagrams.py <mermaid.min.js>`.

`npm pack mermaid` brings that file (package/dist/mermaid.min.js); nothing of it goes into the project.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from docs_hooks import DIAGRAM, DOCS, FOLDER, drawing_of
from headless_browser import open_browser

DRAW = """
const [text, done] = arguments;
mermaid.initialize({startOnLoad: false, securityLevel: "strict", htmlLabels: false, flowchart: {htmlLabels: false}});
mermaid.render("drawing", text).then(({svg}) => done(svg), (error) => done("error: " + error));
"""


def main(library: Path) -> int:
    """Draw what has no drawing, and remove drawings of texts that are gone."""
    texts = [found[1] for page in sorted(DOCS.glob("*.md")) for found in DIAGRAM.finditer(page.read_text())]
    wanted = {drawing_of(text): text for text in texts}
    (DOCS / FOLDER).mkdir(exist_ok=True)
    for file in set((DOCS / FOLDER).glob("*.svg")) - wanted.keys():
        file.unlink()
    with TemporaryDirectory() as folder, open_browser(1400, 1000) as browser:
        page = Path(folder) / "page.html"
        page.write_text(f'<!doctype html><script src="{library.absolute().as_uri()}"></script>')
        browser.get(page.as_uri())
        for file, text in wanted.items():
            drawn = str(browser.execute_async_script(DRAW, text))
            if drawn.startswith("error:"):
                sys.stderr.write(f"{text}\n{drawn}\n")
                return 1
            file.write_text(drawn)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
