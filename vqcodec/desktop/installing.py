"""What is put in place, where, and taken away again."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from vqcodec.desktop.kinds import magic, mime_info, thumbnailer
from vqcodec.errors import OutputError, UnreadableInputError
from vqcodec.files.endpoints import reading_errors, write_all

_BEGIN, _END = "# begin vqcodec\n", "# end vqcodec\n"
_PLAIN = re.compile(r"[\w@%+=:,./-]+", re.ASCII)


class Places:
    """The places of the files below a folder `share`.

    Args:
        share: such as `~/.local/share` or `/usr/share`.
        own_magic: the file where `file` looks for patterns of a user, which may hold others; None to have the patterns
            in a file of their own below `share`.
    """

    def __init__(self, share: Path, own_magic: Path | None = None) -> None:
        self.mime = share / "mime"
        self.mime_info = self.mime / "packages" / "vqcodec.xml"
        self.thumbnailer = share / "thumbnailers" / "vqcodec.thumbnailer"
        self.magic = own_magic or share / "vqcodec" / "vqcodec.magic"
        self._shared_magic = own_magic is not None

    @classmethod
    def of_user(cls) -> Places:
        """Return the places of the user who runs this."""
        share = os.environ.get("XDG_DATA_HOME") or ""
        home = Path.home()
        return cls(Path(share) if os.path.isabs(share) else home / ".local" / "share", home / ".magic")

    @classmethod
    def below(cls, prefix: str) -> Places:
        """Return the places below a prefix such as `/usr`."""
        return cls(Path(prefix) / "share")

    def install(self, program: str) -> list[Path]:
        """Write the files, over older ones; return where they are.

        Args:
            program: as of `kinds.thumbnailer`.

        Raises:
            OutputError: one cannot be written. UnreadableInputError: patterns that are there cannot be read.
        """
        patterns = magic()
        if self._shared_magic:
            patterns = _others(self.magic) + _BEGIN + patterns + _END
        contents = {self.mime_info: mime_info(), self.thumbnailer: thumbnailer(program), self.magic: patterns}
        for path, text in contents.items():
            _write(path, text)
        return list(contents)

    def uninstall(self) -> list[Path]:
        """Remove the files, and the patterns from a file that holds others; return what was removed.

        Raises:
            OutputError: one cannot be removed. UnreadableInputError: patterns that are there cannot be read.
        """
        removed = []
        others = _others(self.magic) if self._shared_magic else ""
        for path in (self.mime_info, self.thumbnailer, self.magic):
            if not path.is_file():
                continue
            if path != self.magic or not others:
                try:
                    path.unlink()
                except OSError as error:
                    raise OutputError(f"{path}: cannot be removed: {error.strerror}") from None
            elif path.read_text(encoding="utf-8") == others:
                continue
            else:
                _write(path, others)
            removed.append(path)
        return removed

    def refresh(self) -> str:
        """Have the desktop read the MIME types anew; return why it did not, nothing if it did."""
        program = shutil.which("update-mime-database")
        if program is None:
            return "update-mime-database is not there (package shared-mime-info), so MIME types are not known yet"
        if not self.mime.is_dir():
            return ""
        done = subprocess.run([program, str(self.mime)], capture_output=True, text=True, check=False)
        said = " ".join(done.stderr.split())
        return "" if done.returncode == 0 else f"update-mime-database failed: {said}"


def this_program() -> str:
    """Return the command that runs this program, by its whole path, as a desktop entry has it."""
    called = shutil.which(sys.argv[0]) or ""
    if os.path.basename(called) in ("vqcodec", "vqcodec.exe"):
        return _quoted(os.path.abspath(called))
    return f"{_quoted(sys.executable)} -m vqcodec"


def _quoted(word: str) -> str:
    """Return a word of a command as the Desktop Entry Specification quotes it."""
    if _PLAIN.fullmatch(word):
        return word.replace("%", "%%")
    inner = re.sub(r'(["`$\\])', r"\\\1", word).replace("%", "%%")
    return '"' + inner.replace("\\", "\\\\") + '"'


def _others(path: Path) -> str:
    """Return what a file of patterns holds beside those of vqcodec; nothing if there is none."""
    if not os.path.lexists(path):
        return ""
    with reading_errors(str(path)):
        text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(_BEGIN)
    if not begin:
        return text if not text or text.endswith("\n") else text + "\n"
    _, end, after = rest.partition(_END)
    if not end:
        raise UnreadableInputError(f"{path}: the line '{_END.strip()}' is missing; remove the patterns by hand")
    return before + after


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path.parent}: cannot be made a folder: {error.strerror}") from None
    write_all(text.encode(), path, overwrite=True)
