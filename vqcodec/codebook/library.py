"""Where codebooks are found: by path, by name, by hash.

The look-up order is: the folders and files of `VQCODEC_CODEBOOK_PATH`, the user's data folder, the shipped
codebooks. Scanning reads only the headers of the files; a codebook is read and proved by its hash when it is
asked for, once a process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import overload

from vqcodec.codebook import file as codebook_file
from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CodebookError, UnreadableInputError, VQCodecError
from vqcodec.limits import MAX_CODEBOOK_BYTES
from vqcodec.names import at, is_codebook_name, printable

SUFFIX = ".vqcb"
PATH_VARIABLE = "VQCODEC_CODEBOOK_PATH"
CodebookChoice = str | os.PathLike[str] | Codebook
"""A codebook as users name it: its name, its path, or the codebook itself."""

REMEDY = f"set {PATH_VARIABLE} or pass --codebook FILE"

_MOST_FILE_BYTES = MAX_CODEBOOK_BYTES + codebook_file.MAX_HEADER_BYTES + 64

_loaded: dict[tuple[str, int, int], Codebook] = {}  # by path, time of change and size


@dataclass(frozen=True)
class CodebookEntry:
    """A codebook file as its header describes it; loading it proves the description."""

    name: str
    engine: str
    identity: str  # SHA-256 in hex
    path: Path

    def load(self) -> Codebook:
        """The codebook itself.

        Raises:
            CodebookError, CorruptFileError, LimitError, UnreadableInputError, UnsupportedError: as
                `load_codebook`.
        """
        return _load_file(self.path)


def search_path() -> list[Path]:
    """The folders and files in which codebooks are looked for, in order; they need not exist."""
    given = os.environ.get(PATH_VARIABLE, "")
    places = [Path(place).expanduser() for place in given.split(os.pathsep) if place]
    return [*places, user_folder(), shipped_folder()]


def user_folder() -> Path:
    """Where a user's own codebooks live: the data folder of the platform."""
    import platformdirs

    return Path(platformdirs.user_data_dir("vqcodec")) / "codebooks"


def shipped_folder() -> Path:
    """The codebooks that come with the program: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_codebooks"
    return installed if installed.is_dir() else package.parent / "codebooks"


def list_codebooks() -> list[CodebookEntry]:
    """Every codebook in the search path, in look-up order; files that are not codebooks are passed over.

    Where two files hold the same codebook, only the first is listed.
    """
    entries: dict[str, CodebookEntry] = {}
    for path in _files():
        entry = _entry(path)
        if entry is not None:
            entries.setdefault(entry.identity, entry)
    return list(entries.values())


def load_codebook(name_or_path: str | os.PathLike[str]) -> Codebook:
    """The codebook of a file, or the first of that name in the search path.

    Args:
        name_or_path: a path object, or text; text that holds a path separator or ends in `.vqcb` is a path, else a
            name.

    Raises:
        UnreadableInputError: the file does not exist, cannot be opened, or is not a codebook.
        CodebookError: no codebook of that name is found, or the parent that it differs from is not.
        CorruptFileError, LimitError, UnsupportedError: the file is damaged, too large, or of a later version.
    """
    if not isinstance(name_or_path, str) or _is_path(name_or_path):
        return _load_file(Path(name_or_path))
    name = name_or_path
    if not is_codebook_name(name):
        raise CodebookError(f"'{printable(name)}' is neither the name of a codebook nor a file that ends in {SUFFIX}")
    for entry in list_codebooks():
        if entry.name == name:
            return entry.load()
    places = os.pathsep.join(str(place) for place in search_path())
    raise CodebookError(f"no codebook '{name}' in {printable(places, 400)}; {REMEDY}")


@overload
def chosen_codebook(choice: CodebookChoice | None) -> Codebook | None: ...
@overload
def chosen_codebook(choice: CodebookChoice | None, default: str) -> Codebook: ...
def chosen_codebook(choice: CodebookChoice | None, default: str | None = None) -> Codebook | None:
    """The codebook that was chosen, or else the one called `default`, or else None.

    Raises:
        CodebookError and others: as `load_codebook`.
    """
    chosen = default if choice is None else choice
    return load_codebook(chosen) if isinstance(chosen, (str, os.PathLike)) else chosen


def find_entry(prefix: bytes, name: str | None = None) -> CodebookEntry:
    """The entry of the codebook whose SHA-256 begins with `prefix`, without loading it.

    Args:
        prefix: 4 to 32 bytes.
        name: what the file that wants it calls it, for the error.

    Raises:
        CodebookError: there is none, or more than one.
    """
    if not 4 <= len(prefix) <= 32:
        raise CodebookError(f"a codebook is found by 4 to 32 bytes of its SHA-256, not by {len(prefix)}")
    wanted = prefix.hex()
    found = [entry for entry in list_codebooks() if entry.identity.startswith(wanted)]
    if not found:
        called = f"codebook '{printable(name)}'" if name else "codebook"
        raise CodebookError(f"{called} with SHA-256 {wanted}{'' if len(prefix) == 32 else '...'} not found; {REMEDY}")
    if len(found) > 1:
        first, second = found[:2]
        raise CodebookError(
            f"SHA-256 {wanted}... is that of two codebooks, '{first.name}' ({printable(str(first.path))}) "
            f"and '{second.name}' ({printable(str(second.path))}); pass --codebook FILE"
        )
    return found[0]


def find_identity(prefix: bytes, name: str | None = None) -> Codebook:
    """The codebook whose SHA-256 begins with `prefix`.

    Args:
        prefix: 4 to 32 bytes.
        name: what the file that wants it calls it, for the error.

    Raises:
        CodebookError: there is none, or more than one.
        CorruptFileError, LimitError, UnsupportedError: the file that says it is this codebook cannot be read.
    """
    return _load_found(find_entry(prefix, name))


def resolve_codebook(identity_prefix: bytes, *, name: str | None = None, embedded: bytes | None = None) -> Codebook:
    """The codebook that a media file needs: the one it embeds, or else the one found by its hash.

    Args:
        identity_prefix: 4 to 32 bytes of the SHA-256.
        name: what the media file calls it.
        embedded: the `.vqcb` bytes inside the media file.

    Raises:
        CodebookError: not found, ambiguous, or the embedded one is another than the file says.
        CorruptFileError, LimitError, UnsupportedError: it is found but cannot be read.
    """
    if embedded is None:
        return find_identity(identity_prefix, name)
    codebook = Codebook.from_bytes(embedded, find_parent=_find_parent, source="embedded codebook")
    if not codebook.digest.startswith(identity_prefix):
        raise CodebookError(f"embedded codebook: {codebook.identity} where {identity_prefix.hex()} is wanted")
    return codebook


def shipped_parent(codebook: Codebook) -> Codebook | None:
    """The codebook that `codebook` was trained from, if it is one that every copy of the program has."""
    parent = codebook.provenance.get("parent")
    for path in sorted(shipped_folder().glob(f"*{SUFFIX}")) if parent else ():
        entry = _entry(path)
        if entry is not None and entry.identity == parent:
            return entry.load()
    return None


def _is_path(text: str) -> bool:
    separators = [os.sep, os.altsep] if os.altsep else [os.sep]
    return text.endswith(SUFFIX) or any(separator in text for separator in separators)


def _files() -> Iterator[Path]:
    """The codebook files of the search path, in look-up order, sorted within a folder."""
    for place in search_path():
        if place.suffix == SUFFIX:
            yield place
            continue
        try:
            names = sorted(entry.name for entry in os.scandir(place) if entry.name.endswith(SUFFIX))
        except OSError:
            continue
        yield from (place / name for name in names)


def _entry(path: Path) -> CodebookEntry | None:
    """What the header of a file says; None if it is not the header of a codebook that can be read."""
    try:
        with open(path, "rb") as file:
            head = file.read(codebook_file.MAX_HEADER_BYTES)
        header = codebook_file.read_header(head, str(path))
    except (OSError, VQCodecError):
        return None
    return CodebookEntry(header.name, header.engine, header.identity, path)


def _load_found(entry: CodebookEntry) -> Codebook:
    codebook = entry.load()
    if codebook.identity != entry.identity:  # the file was replaced between the look and the load
        raise CodebookError(f"{entry.path}: codebook {codebook.identity} where {entry.identity} was a moment ago")
    return codebook


def _find_parent(digest: bytes) -> Codebook:
    """The parent of a difference. It must stand alone, so that no chain or circle has to be followed."""
    return _load_file(find_entry(digest).path, standing_alone=True)


def _load_file(path: Path, standing_alone: bool = False) -> Codebook:
    source = printable(str(path), 400)
    try:
        status = path.stat()
        key = (os.path.abspath(path), status.st_mtime_ns, status.st_size)
        if key in _loaded:
            return _loaded[key]
        with open(path, "rb") as file:
            data = file.read(_MOST_FILE_BYTES + 1)
    except OSError as error:
        raise UnreadableInputError(f"{at(source)}{error.strerror or error}") from None
    codebook = Codebook.from_bytes(data, find_parent=None if standing_alone else _find_parent, source=source)
    _loaded[key] = codebook
    return codebook
