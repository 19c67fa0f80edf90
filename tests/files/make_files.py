"""Make the hand-made files of this folder, and the README that says what each is for.

    python tests/files/make_files.py [FOLDER]

Everything is put together byte by byte from FORMAT.md, without vqcodec, so that the files check the program and not
the other way round. Each file is small and attacks one thing.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import codebook_samples
import media_samples
import picture_samples
import short_samples
import transform_samples
import video_samples
from sample import BAD, GOOD, UNSUPPORTED, Sample

MAKERS = (
    *codebook_samples.MAKERS,
    *media_samples.MAKERS,
    *short_samples.MAKERS,
    *picture_samples.MAKERS,
    *transform_samples.MAKERS,
    *video_samples.MAKERS,
)


@cache
def samples() -> tuple[Sample, ...]:
    """All files."""
    return tuple(sample for maker in MAKERS for sample in maker())


README_HEAD = """# Hand-made files

`make_files.py` makes these files from FORMAT.md alone. It also writes this page. Each file is small, quick to reject,
and named for what it attacks.

- `good` files must be read.
- `bad` files must end in the error named here.
- `unsupported` files are valid, but use something from a later version.

The third column says which step finds the fault:

- `container`: reading the file and its codebook and following its index. No sample is decoded.
- an engine: decoding a file that the container can read.
- `video`: opening a video file, with any engine. No frame is decoded.
"""


def readme(files: list[Sample]) -> str:
    """The page that describes the files."""
    lines = [README_HEAD]
    for folder in (GOOD, BAD, UNSUPPORTED):
        lines += [f"\n## {folder}\n", "| file | error | found by | what it is |", "| --- | --- | --- | --- |"]
        for each in sorted((each for each in files if each.folder == folder), key=lambda each: each.name):
            lines.append(f"| `{each.name}` | {each.error or '-'} | {each.found_by} | {each.what} |")
    return "\n".join(lines) + "\n"


def main(folder: Path) -> None:
    """Write every file and the README into `folder`."""
    files = samples()
    for each in files:
        (folder / each.folder).mkdir(parents=True, exist_ok=True)
        (folder / each.folder / each.name).write_bytes(each.data)
    (folder / "README.md").write_text(readme(files), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
