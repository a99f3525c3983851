"""Profiles of raw tables: statistics of columns, target by value, an HTML report."""

import os
import tempfile

# `import skrub` makes a folder for downloads, in the user's home unless told otherwise, and fails where it may not.
os.environ.setdefault("SKB_DATA_DIRECTORY", tempfile.gettempdir())
