"""The search for codebooks: by path, by name, by hash.

They are looked up in the folders and files of `VQCODEC_CODEBOOK_PATH`, then in the user's data folder, then among the
shipped codebooks. What is looked up by its hash may also lie beside the file that needs it (`beside`). A scan reads
only the headers of the files. A codebook is read, and its hash checked, when it is first asked for in a process.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
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

REMEDY = f"set {PATH_VARIABLE} or pass codebook=FILE"

_MOST_FILE_BYTES = MAX_CODEBOOK_BYTES + codebook_file.MAX_HEADER_BYTES + 64
_MOST_OF_A_PATH = 400  # characters in a message

_beside: ContextVar[tuple[Path, ...]] = ContextVar("_beside", default=())
_at_hand: ContextVar[tuple[Codebook, ...]] = ContextVar("_at_hand", default=())
_loaded: dict[tuple[str, int, int], Codebook] = {}  # by path, time of the last change, and size


@dataclass(frozen=True)
class CodebookEntry:
    """The description of a codebook file in its header; loading the file proves it.

    Attributes:
        identity: SHA-256 in hexadecimal.
    """

    name: str
    engine: str
    identity: str
    path: Path

    def load(self) -> Codebook:
        """Return the codebook.

        Raises:
            CodebookError, CorruptFileError, LimitError, UnreadableInputError, UnsupportedError: as `load_codebook`.
        """
        return _load_file(self.path)


def search_path() -> list[Path]:
    """Return the folders and files to search for codebooks, in their order. They need not exist."""
    given = os.environ.get(PATH_VARIABLE, "")
    places = [_at_home(Path(place)) for place in given.split(os.pathsep) if place]
    own = user_folder()
    return [*places, *([] if own is None else [own]), shipped_folder()]


def _at_home(path: Path) -> Path:
    """Return `path` with `~` replaced; as it is, if there is no such home."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def user_folder() -> Path | None:
    """Return the folder of a user's own codebooks, in the data folder of the platform.

    None if there is no home to have it in: it is never in the current folder.
    """
    import platformdirs

    try:
        folder = Path(platformdirs.user_data_dir("vqcodec")) / "codebooks"
    except RuntimeError:
        return None
    return folder if folder.is_absolute() else None


def shipped_folder() -> Path:
    """Return the folder of the shipped codebooks: in a wheel inside the package, in a checkout beside it."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_codebooks"
    return installed if installed.is_dir() else package.parent / "codebooks"


@contextmanager
def beside(source: object) -> Iterator[None]:
    """Within the block, look up hashes also in the folder of `source`, after all other places; not by name.

    Args:
        source: path of a media file; anything else has no folder.
    """
    folders = (Path(source).parent,) if isinstance(source, (str, os.PathLike)) else ()
    before = _beside.set((*_beside.get(), *folders))
    try:
        yield
    finally:
        _beside.reset(before)


@contextmanager
def at_hand(codebooks: Iterable[Codebook]) -> Iterator[None]:
    """Within the block, look up hashes first among these codebooks."""
    before = _at_hand.set((*_at_hand.get(), *codebooks))
    try:
        yield
    finally:
        _at_hand.reset(before)


def list_codebooks() -> list[CodebookEntry]:
    """Return all codebooks in the search path, in look-up order. Other files are ignored.

    If two files hold the same codebook, only the first is listed.
    """
    return _entries(search_path())


def _entries(places: Iterable[Path]) -> list[CodebookEntry]:
    """Return the codebooks in some folders and files, as `list_codebooks` does."""
    entries: dict[str, CodebookEntry] = {}
    for path in _files(places):
        entry = _entry(path)
        if entry is not None:
            entries.setdefault(entry.identity, entry)
    return list(entries.values())


def load_codebook(name_or_path: str | os.PathLike[str]) -> Codebook:
    """Return the codebook of a file, or the first codebook of a name in the search path.

    Args:
        name_or_path: a path object, or text. Text is a path if it has a path separator or ends in `.vqcb`, else a name.

    Raises:
        UnreadableInputError: the file does not exist, cannot be opened, or is not a codebook.
        CodebookError: no codebook of this name is found, or its parent is not found.
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
    """Return the entry of the codebook whose SHA-256 begins with `prefix`, without loading it.

    Args:
        prefix: 4 to 32 bytes.
        name: its name in the file that needs it, for the error.

    Raises:
        CodebookError: no codebook is found, or several are.
    """
    if not 4 <= len(prefix) <= 32:
        raise CodebookError(f"a codebook is found by 4 to 32 bytes of its SHA-256, not by {len(prefix)}")
    wanted = prefix.hex()
    for places in (search_path(), _beside.get()):
        found = [entry for entry in _entries(places) if entry.identity.startswith(wanted)]
        if found:
            break
    if not found:
        called = f"codebook '{printable(name)}'" if name else "codebook"
        raise CodebookError(f"{called} with SHA-256 {wanted}{'' if len(prefix) == 32 else '...'} not found; {REMEDY}")
    if len(found) > 1:
        one, other = (f"'{entry.name}' ({printable(str(entry.path), _MOST_OF_A_PATH)})" for entry in found[:2])
        raise CodebookError(f"SHA-256 {wanted}... is that of two codebooks, {one} and {other}; pass codebook=FILE")
    return found[0]


def matching_codebook(prefix: bytes, fits: Callable[[bytes], bool]) -> tuple[Codebook | None, bool]:
    """Return the first codebook whose SHA-256 `fits`, or None; and whether others begin with `prefix`.

    Args:
        prefix: what `fits` asks of the first bytes.

    Raises:
        CorruptFileError, LimitError, UnsupportedError: the file of the codebook cannot be read.
    """
    others = False
    for codebook in _at_hand.get():
        if fits(codebook.digest):
            return codebook, others
        others |= codebook.digest.startswith(prefix)
    for places in (search_path(), _beside.get()):
        for entry in _entries(places):
            digest = bytes.fromhex(entry.identity)
            if fits(digest):
                return _load_found(entry), others
            others |= digest.startswith(prefix)
    return None, others


def find_identity(prefix: bytes, name: str | None = None) -> Codebook:
    """Return the codebook whose SHA-256 begins with `prefix`.

    Args:
        prefix: 4 to 32 bytes.
        name: its name in the file that needs it, for the error.

    Raises:
        CodebookError: no codebook is found, or several are.
        CorruptFileError, LimitError, UnsupportedError: the file of the codebook cannot be read.
    """
    for codebook in _at_hand.get():
        if codebook.digest.startswith(prefix):
            return codebook
    return _load_found(find_entry(prefix, name))


def resolve_codebook(identity_prefix: bytes, *, name: str | None = None, embedded: bytes | None = None) -> Codebook:
    """Return the codebook that a media file needs: the embedded one, or the one found by its hash.

    Args:
        identity_prefix: 4 to 32 bytes of the SHA-256.
        name: its name in the media file.
        embedded: the `.vqcb` bytes inside the media file.

    Raises:
        CodebookError: it is not found, several are found, or the embedded one has another hash.
        CorruptFileError, LimitError, UnsupportedError: it is found but cannot be read.
    """
    if embedded is None:
        return find_identity(identity_prefix, name)
    codebook = Codebook.from_bytes(embedded, find_parent=_find_parent, source="embedded codebook")
    if not codebook.digest.startswith(identity_prefix):
        raise CodebookError(f"embedded codebook: {codebook.identity} instead of {identity_prefix.hex()}")
    return codebook


def shipped_parent(codebook: Codebook) -> Codebook | None:
    """Return the codebook that `codebook` was trained from, if it is a shipped one; else None."""
    parent = codebook.provenance.get("parent")
    for path in sorted(shipped_folder().glob(f"*{SUFFIX}")) if parent else ():
        entry = _entry(path)
        if entry is not None and entry.identity == parent:
            return entry.load()
    return None


def _is_path(text: str) -> bool:
    """Whether text is a path and not the name of a codebook."""
    separators = [os.sep, os.altsep] if os.altsep else [os.sep]
    return text.endswith(SUFFIX) or any(separator in text for separator in separators)


def _files(places: Iterable[Path]) -> Iterator[Path]:
    """Yield the codebook files of some folders and files, in their order, sorted within each folder."""
    for place in places:
        if place.suffix == SUFFIX:
            yield place
            continue
        try:
            names = sorted(entry.name for entry in os.scandir(place) if entry.name.endswith(SUFFIX))
        except OSError:
            continue
        yield from (place / name for name in names)


def _entry(path: Path) -> CodebookEntry | None:
    """Return the entry of a file; None if its header is not that of a readable codebook."""
    try:
        with open(path, "rb") as file:
            head = file.read(codebook_file.MAX_HEADER_BYTES)
        header = codebook_file.read_header(head, str(path))
    except (OSError, VQCodecError):
        return None
    return CodebookEntry(header.name, header.engine, header.identity, path)


def _load_found(entry: CodebookEntry) -> Codebook:
    """Load an entry, and check that its file has not been replaced since the scan."""
    codebook = entry.load()
    if codebook.identity != entry.identity:
        raise CodebookError(
            f"{entry.path}: codebook {codebook.identity} instead of {entry.identity}; the file was replaced"
        )
    return codebook


def _find_parent(digest: bytes) -> Codebook:
    """Return the parent of a difference. It must not be a difference itself, so that there are no chains or circles."""
    return _load_file(find_entry(digest).path, standing_alone=True)


def _load_file(path: Path, standing_alone: bool = False) -> Codebook:
    """Return the codebook of a file, from memory if it was loaded before and the file has not changed."""
    source = printable(str(path), _MOST_OF_A_PATH)
    try:
        status = path.stat()
        key = (os.path.abspath(path), status.st_mtime_ns, status.st_size)
        if key in _loaded:
            return _loaded[key]
        # `read` takes memory for as many bytes as it is asked for; the size of a pipe is not known
        size = min(status.st_size, _MOST_FILE_BYTES) if stat.S_ISREG(status.st_mode) else _MOST_FILE_BYTES
        with open(path, "rb") as file:
            data = file.read(size + 1)
    except OSError as error:
        raise UnreadableInputError(f"{at(source)}{error.strerror or error}") from None
    codebook = Codebook.from_bytes(data, find_parent=None if standing_alone else _find_parent, source=source)
    _loaded[key] = codebook
    return codebook
