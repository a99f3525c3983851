"""Raw files of Red Hat several times its size, made by parts: each part has people of its own."""

from __future__ import annotations

import sys
from pathlib import Path

# Of people who belong to a part; numbers in texts stay numbers.
ID, CHUNK_BYTES = b"ppl_", 16 << 20
FILES = ("act_train.csv", "people.csv")
FIRST = 10


def multiply_files(source: Path, folder: Path, times: int) -> None:
    """Write the files of a folder so many times over into another one, under ids of other people each time.

    Groups stay: they have so many more people.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        target = folder / name
        if target.exists() and target.stat().st_size >= times * (source / name).stat().st_size:
            continue
        with target.open("wb") as out:
            for part in range(times):
                with (source / name).open("rb") as file:
                    header = file.readline()
                    out.write(header if part == 0 else b"")
                    rest = b""
                    while chunk := file.read(CHUNK_BYTES):
                        lines, _, rest = (rest + chunk).rpartition(b"\n")
                        out.write(lines.replace(ID, b"%s%d" % (ID, FIRST + part)) + b"\n")


if __name__ == "__main__":
    multiply_files(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
