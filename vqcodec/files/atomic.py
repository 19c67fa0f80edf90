"""Output files that appear complete or not at all."""

from __future__ import annotations

import errno
import io
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from vqcodec.errors import OutputError
from vqcodec.files.descriptors import descriptor_of, open_descriptor
from vqcodec.files.streams import write_failure
from vqcodec.names import printable


@contextmanager
def writing(path: str | os.PathLike[str], *, overwrite: bool = False, durable: bool = False) -> Iterator[BinaryIO]:
    """Return a binary file for writing. It becomes `path` when the block ends, and is removed if the block fails.

    It is written under another name in the same folder. Without `overwrite` no existing file is lost, not even one that
    another process makes meanwhile. A new file takes the permissions of the file it replaces. A symbolic link stays,
    and its target is replaced. Devices, pipes and open descriptors (`/dev/null`, `/dev/fd/3`) are written to directly.

    Args:
        path: the file to make.
        overwrite: whether to replace an existing file.
        durable: whether to wait for the disk (fsync) before the name appears.

    Raises:
        OutputError: the file exists, is a folder, cannot be made there, or the disk is full.
    """
    shown = printable(os.fspath(path), 400)
    number = descriptor_of(path)
    if number is not None:
        with _opened_descriptor(number, shown) as file:
            yield file
        return
    target, mode = _check_target(path, shown, overwrite)
    if mode is not None and not stat.S_ISREG(mode):
        with _open(target, shown, os.O_WRONLY, 0o666) as file:
            yield file
        return
    temporary = _temporary(target)
    permissions = 0o666 if mode is None else stat.S_IMODE(mode) & 0o777
    try:  # from before the file is there: Ctrl-C may come at any moment
        with _open_locked(temporary, shown, permissions) as file:
            yield file
            file.flush()
            _settle(file, shown, None if mode is None else permissions, durable)
        _publish(temporary, target, shown, overwrite)
    finally:
        with suppress(OSError):  # after a success it is gone
            os.unlink(temporary)


def check_writable(path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Check that `writing` will not refuse to begin, so that no work is wasted. Nothing stays behind.

    Raises:
        OutputError: as `writing`, except for what only shows in writing, such as a full disk.
    """
    shown = printable(os.fspath(path), 400)
    number = descriptor_of(path)
    if number is not None:
        _opened_descriptor(number, shown).close()
        return
    target, mode = _check_target(path, shown, overwrite)
    if mode is not None and not stat.S_ISREG(mode):
        if not os.access(target, os.W_OK):
            raise write_failure(shown, OSError(errno.EACCES, ""))
        return
    _try_file(_temporary(target), shown)


def check_folder(path: str | os.PathLike[str]) -> None:
    """Check that files can be made in a folder. Nothing stays behind.

    Raises:
        OutputError: they cannot.
    """
    _try_file(_temporary(Path(path, "any")), printable(os.fspath(path), 400))


def remove_unfinished(folder: str | os.PathLike[str]) -> int:
    """Remove what killed processes left in a folder: files that `writing` began. Return how many there were.

    A file that another process is still writing is locked, and stays. So does every file where the system has no locks.
    """
    removed = 0
    for path in Path(folder).glob(f"{_PREFIX}*{_SUFFIX}"):
        with suppress(OSError), open(path, "rb") as file:
            if _locked(file.fileno(), wait=False):
                os.unlink(path)
                removed += 1
    return removed


def _try_file(trial: Path, shown: str) -> None:
    """Make a file that is not there yet, and remove it, or raise OutputError."""
    try:
        _open(trial, shown, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600).close()
    finally:
        with suppress(OSError):
            os.unlink(trial)


class _OutputFile(io.FileIO):
    """A file that raises OutputError if writing fails, so that other OSErrors in the block stay distinct."""

    def __init__(self, shown: str, opener: Callable[[], int], *, straight: bool = False) -> None:
        self._shown = shown
        self._straight = straight  # from where the file stands: what others wrote before must stay
        super().__init__(shown, "w", opener=lambda _name, _flags: opener())

    def seekable(self) -> bool:
        return not self._straight and super().seekable()

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise write_failure(self._shown, error) from None


_PREFIX, _SUFFIX = ".vqcodec-", ".part"
_BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def _check_target(path: str | os.PathLike[str], shown: str, overwrite: bool) -> tuple[Path, int | None]:
    """Return (`path` without links, mode of the existing file or None); raise OutputError if it must stay."""
    try:
        target = Path(os.path.realpath(path))
        mode = target.stat().st_mode
    except FileNotFoundError:
        return target, None
    except OSError as error:
        raise write_failure(shown, error) from None
    except ValueError:
        raise OutputError(f"{shown}: cannot be the name of a file") from None
    if stat.S_ISDIR(mode):
        raise OutputError(f"{shown}: is a folder; name a file")
    if stat.S_ISREG(mode) and not overwrite:
        raise _exists(shown)
    return target, mode


def _open(path: Path, shown: str, flags: int, permissions: int) -> io.BufferedWriter:
    """Open a file for writing, or raise OutputError."""
    return _opened(shown, lambda: os.open(path, flags | _BINARY, permissions))


def _open_locked(path: Path, shown: str, permissions: int) -> io.BufferedWriter:
    """Make a file that is not there yet, and lock it, or raise OutputError."""
    while True:
        file = _open(path, shown, os.O_WRONLY | os.O_CREAT | os.O_EXCL, permissions)
        if not _locked(file.fileno(), wait=True) or os.path.exists(path):
            return file
        file.close()  # `remove_unfinished` was there between the two steps


def _locked(number: int, *, wait: bool) -> bool:
    """Lock an open file until it is closed; return whether that went well. Without `wait`, another's lock is a no."""
    try:
        import fcntl
    except ImportError:  # Windows
        return False
    try:
        fcntl.flock(number, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # it is locked, or the file system has no locks
        return False
    return True


def _opened_descriptor(number: int, shown: str) -> io.BufferedWriter:
    """Return a file that writes to an open descriptor, or raise OutputError."""
    return _opened(shown, lambda: open_descriptor(number), straight=True)


def _opened(shown: str, opener: Callable[[], int], *, straight: bool = False) -> io.BufferedWriter:
    try:
        return io.BufferedWriter(_OutputFile(shown, opener, straight=straight))
    except OSError as error:
        raise write_failure(shown, error) from None


def _temporary(target: Path) -> Path:
    """Return a name of a file that is not there yet, beside `target`."""
    return target.with_name(f"{_PREFIX}{secrets.token_hex(8)}{_SUFFIX}")


def _settle(file: io.BufferedWriter, shown: str, permissions: int | None, durable: bool) -> None:
    """Give a written file the permissions of the file it replaces, and wait for the disk."""
    try:
        if permissions is not None and hasattr(os, "fchmod"):
            os.fchmod(file.fileno(), permissions)
        if durable:
            os.fsync(file.fileno())
    except OSError as error:
        raise write_failure(shown, error) from None


def _publish(temporary: Path, target: Path, shown: str, overwrite: bool) -> None:
    """Give the finished file its name, in one step that cannot lose another file."""
    try:
        if overwrite:
            os.replace(temporary, target)
            return
        try:
            os.link(temporary, target)
        except FileExistsError:
            raise _exists(shown) from None
        except (OSError, AttributeError):  # a file system without hard links
            _claim_and_replace(temporary, target)
    except FileExistsError:
        raise _exists(shown) from None
    except OSError as error:
        raise write_failure(shown, error) from None


def _claim_and_replace(temporary: Path, target: Path) -> None:
    """Claim the name with an empty file, which fails if the name is taken, then replace that file."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        os.replace(temporary, target)
    except BaseException:
        os.unlink(target)
        raise


def _exists(shown: str) -> OutputError:
    """Return the error for an existing file."""
    return OutputError(f"{shown}: exists already; pass overwrite=True to replace it")
