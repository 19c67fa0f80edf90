"""Sound files in, through libsndfile: blocks of one channel at the codec's rate, from files of any rate and channels.

A file is read block by block, anew at each reading, so that memory does not grow with its length.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from vqcodec.errors import UnreadableInputError
from vqcodec.files.endpoints import Source, read_all
from vqcodec.speech.sound.layout import Layout, layout_of_format, layout_of_mask
from vqcodec.speech.sound.mixing import Block
from vqcodec.speech.sound.source import SoundSource, check_shape

if TYPE_CHECKING:
    import soundfile

TAGS = ("title", "artist", "album", "date", "genre", "tracknumber", "comment", "copyright", "license")
"""Tags that are kept. The name of the program that wrote the file is not, since it says nothing about the sound."""

_WAV_HEADER = 44  # bytes up to the end of the channel mask, if there is one
_EXTENSIBLE = b"\xfe\xff"  # the format that has a channel mask
_ENDLESS_WAV = (1 << 31) - (1 << 16)  # bytes; a header with more was written before the length was known
_BLOCK = 1 << 16  # samples read at a time, of all channels together


class AudioSource(SoundSource):
    """A sound file that can be read.

    Attributes:
        name: what messages call it.
        promised: samples of a channel according to the file's header, at least 1.
        size: bytes of the file.
        format: libsndfile's name, such as `WAV`.
        tags: texts by name, such as `title` and `artist`.
    """

    def __init__(self, origin: str | bytes, name: str, file: soundfile.SoundFile) -> None:
        rate, channels = int(file.samplerate), int(file.channels)
        check_shape(rate, channels, name)
        super().__init__(rate, channels, _layout(origin, str(file.format), channels))
        self.name = name
        self.size = os.path.getsize(origin) if isinstance(origin, str) else len(origin)
        self.promised = int(file.frames) + _cut_off(origin, self.size)
        self.format = str(file.format)
        self.tags = {key: text for key, text in file.copy_metadata().items() if key in TAGS and text.strip()}
        self._origin = origin

    @property
    def length(self) -> int:
        """Samples of a channel; if the file is cut off, right only after it has been read."""
        return self.promised - self.repairs.missing

    def _read(self) -> Iterator[Block]:
        count = 0
        with _open(self._origin, self.name) as file:
            while count < self.promised:
                try:
                    block = file.read(max(1, _BLOCK // self.channels), dtype="float64", always_2d=True)
                except (RuntimeError, ValueError, OSError) as error:
                    raise UnreadableInputError(f"{self.name}: damaged: {_one_line(error)}") from None
                if not len(block):
                    break
                count += len(block)
                yield block
        if count == 0:
            raise UnreadableInputError(f"{self.name}: holds no samples")
        self.repairs.missing = self.promised - count


def open_audio(source: Source, name: str) -> AudioSource:
    """Open a sound file of any format that libsndfile reads (WAV, FLAC, OGG, MP3, AIFF and others).

    Args:
        source: a path, whose file is read in blocks; or bytes or a binary file object, which are held in memory.
        name: what messages call it.

    Raises:
        UnreadableInputError: the file does not exist, is no sound file, is damaged, or holds no samples.
        LimitError: its rate or its number of channels is beyond `vqcodec.limits`.
    """
    on_disk = isinstance(source, (str, os.PathLike)) and os.path.isfile(source)
    origin = os.fspath(source) if on_disk else read_all(source, name)  # type: ignore[arg-type]
    if not (os.path.getsize(origin) if isinstance(origin, str) else origin):
        raise UnreadableInputError(f"{name}: the file is empty")
    with _open(origin, name) as file:
        if file.frames < 1:
            raise UnreadableInputError(f"{name}: holds no samples")
        return AudioSource(origin, name, file)


def _cut_off(origin: str | bytes, size: int) -> int:
    """Return how many samples of a channel a WAV file lacks against its header.

    libsndfile goes by the size of the file. A header that was written to a pipe may give the largest possible length;
    it does not count.
    """
    header = _header(origin)
    if len(header) < 36 or header[:4] != b"RIFF" or header[8:16] != b"WAVEfmt ":
        return 0
    whole = int.from_bytes(header[4:8], "little") + 8
    frame = int.from_bytes(header[32:34], "little")
    return max(0, whole - size) // max(frame, 1) if whole < _ENDLESS_WAV else 0


def _layout(origin: str | bytes, format: str, channels: int) -> Layout | None:
    """Return the layout of the channels of a file; None if it does not tell."""
    header = _header(origin)
    if format in ("WAV", "WAVEX", "RF64") and header[12:16] == b"fmt " and header[20:22] == _EXTENSIBLE:
        return layout_of_mask(int.from_bytes(header[40:44], "little"), channels)
    return layout_of_format(format, channels)


def _header(origin: str | bytes) -> bytes:
    """Return the first bytes of a file."""
    if not isinstance(origin, str):
        return origin[:_WAV_HEADER]
    with open(origin, "rb") as file:
        return file.read(_WAV_HEADER)


def _open(origin: str | bytes, name: str) -> soundfile.SoundFile:
    """Open a path or the bytes of a file.

    Raises:
        UnreadableInputError: libsndfile cannot read it.
    """
    import soundfile

    try:
        return soundfile.SoundFile(origin if isinstance(origin, str) else io.BytesIO(origin))
    except (RuntimeError, OSError) as error:
        raise UnreadableInputError(
            f"{name}: not sound that libsndfile can read ({_one_line(error)}); is it a sound file, and whole?"
        ) from None
    except (TypeError, ValueError):
        raise UnreadableInputError(f"{name}: samples without a header; convert them to WAV first") from None


def _one_line(error: BaseException) -> str:
    """Return libsndfile's message in one line, without its prefix."""
    text = getattr(error, "error_string", None) or str(error)
    return " ".join(str(text).split()).removeprefix("Error : ").rstrip(".")
