"""Where the files of a corpus are: on this machine, or at a URL that fsspec can read, such as s3://bucket/tiles."""

from __future__ import annotations

import posixpath
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NewType

from vqcodec.errors import UnreadableInputError, UsageError, VQCodecError

Url = NewType("Url", str)
Place = Path | Url

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_REMEDY = "pip install 'vqcodec[distributed]', and what fsspec wants for it, such as s3fs for s3://"


def place_of(source: str | Path) -> Place:
    """Return a source that somebody named as a place."""
    return Url(source) if isinstance(source, str) and _URL.match(source) else Path(source)


def suffix_of(place: Place) -> str:
    """Return what the name of a place ends in, from its last dot on, in lower case."""
    return posixpath.splitext(place.name if isinstance(place, Path) else place)[1].lower()


def places_below(sources: Iterable[str | Path], suffixes: Iterable[str], kind: str) -> tuple[Place, ...]:
    """Return the files named, and those with one of the suffixes in the folders named and all below, sorted, each once.

    Args:
        sources: paths and URLs of files and folders.
        kind: of the files, for the message.

    Raises:
        UnreadableInputError: a source does not exist or cannot be asked, or there is no file at all.
        UsageError: there is no way to read such a URL.
    """
    named = [place_of(source) for source in sources]
    found = set().union(*(files_at(source, suffixes) for source in named))
    if not found:
        raise UnreadableInputError(f"{', '.join(map(str, named))}: no {kind} files in it")
    local = sorted(place for place in found if isinstance(place, Path))
    return (*local, *sorted(place for place in found if not isinstance(place, Path)))


def files_at(source: Place, suffixes: Iterable[str] = ()) -> set[Place]:
    """Return the file at a place, or in a folder all files below that have one of the suffixes.

    Args:
        suffixes: in lower case; none for all files.

    Raises:
        UnreadableInputError: there is nothing at the place, or it cannot be asked.
        UsageError: there is no way to read such a URL.
    """
    ends = frozenset(suffixes)
    if not isinstance(source, Path):
        return set(_below_url(source, ends))
    if source.is_dir():
        return {p for p in source.rglob("*") if (not ends or suffix_of(p) in ends) and p.is_file()}
    if not source.is_file():
        raise UnreadableInputError(f"{source}: no such file or folder")
    return {source}


@contextmanager
def on_this_machine(place: Place) -> Iterator[Path]:
    """Return the path of the file at a place: its own, or for a URL that of a copy, which is gone after the block.

    Raises:
        UnreadableInputError: what is at the URL cannot be read.
        UsageError: there is no way to read such a URL.
    """
    if isinstance(place, Path):
        yield place
        return
    with tempfile.NamedTemporaryFile(prefix="vqcodec-", suffix=suffix_of(place)) as copy:
        with _asking(place):
            files, path = _file_system(place)
            files.get_file(path, copy.name)
        yield Path(copy.name)


def _below_url(url: Url, suffixes: frozenset[str]) -> Iterator[Url]:
    """Yield the URL of a file, or of all files below a folder."""
    with _asking(url):
        files, path = _file_system(url)
        if files.isfile(path):
            yield url
            return
        listed = files.find(path)
        if not listed and not files.isdir(path):
            raise FileNotFoundError
        for below in listed:
            place = Url(files.unstrip_protocol(below))
            if not suffixes or suffix_of(place) in suffixes:
                yield place


def _file_system(url: Url) -> tuple[Any, str]:
    """Return the file system that a URL is on, and the path there."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise UsageError(f"{url}: reading URLs needs fsspec: {_REMEDY}") from None
    try:
        files, path = url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise UsageError(f"{url}: cannot be read here ({_one_line(error)}): {_REMEDY}") from None
    return files, path


@contextmanager
def _asking(url: Url) -> Iterator[None]:
    """Convert what a file system raises into named errors."""
    try:
        yield
    except VQCodecError:
        raise
    except FileNotFoundError:
        raise UnreadableInputError(f"{url}: no such file or folder") from None
    except Exception as error:  # every file system has errors of its own
        raise UnreadableInputError(f"{url}: cannot be read: {_one_line(error)}") from None


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
