"""Temporary files beside the work, such as what a stream held; a folder that is full or missing is a named error."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from vqcodec.errors import OutputError
from vqcodec.files.streams import write_failure


@contextmanager
def keeping(name: str) -> Iterator[None]:
    """While the block writes temporary files for `name`, failures of the system say where, and what to do.

    Raises:
        OutputError: the system refuses, for example because the folder is full.
    """
    try:
        yield
    except OSError as error:
        try:
            place = f"a temporary file in {tempfile.gettempdir()}"
        except OSError:  # there is no folder for them at all
            place = "a temporary file"
        raise OutputError(f"{write_failure(f'{name}: {place}', error)}; name a folder with room in TMPDIR") from None


@contextmanager
def temporary_folder(name: str) -> Iterator[str]:
    """Give a folder for temporary files of the work on `name`, which is removed in the end.

    Raises:
        OutputError: none can be made.
    """
    with keeping(name):
        folder = tempfile.TemporaryDirectory(prefix="vqcodec-")
    with folder as path:
        yield path
