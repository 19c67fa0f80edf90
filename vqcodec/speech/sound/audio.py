"""Sound files in: through libsndfile, and what it cannot read through ffmpeg.

A file is read block by block, anew at each reading, so that memory does not grow with its length. Lengths that a header
declares are hints: the samples that are there decide.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from vqcodec.errors import UnreadableInputError
from vqcodec.ffmpeg.program import is_at_hand
from vqcodec.files.endpoints import Source, read_all
from vqcodec.files.sniffing import has_sound_magic
from vqcodec.files.texts import collected
from vqcodec.media.raw import RawSound
from vqcodec.speech.sound.converted import ConvertedSource
from vqcodec.speech.sound.layout import layout_of_format, layout_of_mask
from vqcodec.speech.sound.mixing import Block
from vqcodec.speech.sound.raw import DEMUXERS, UNSAID, libsndfile_arguments, raw_by_name, suffix_of
from vqcodec.speech.sound.source import FileSource, check_shape
from vqcodec.speech.sound.tags import tags_in
from vqcodec.speech.sound.wav import WavHeader, WithLength, read_header

if TYPE_CHECKING:
    import soundfile

_BLOCK = 1 << 16  # samples read at a time, of all channels together
_UNKNOWN_LENGTH = (1 << 63) - 1  # as libsndfile says it, of FLAC from a pipe
_HEAD = 64  # bytes that are looked at to choose who reads a file
_VOC = b"Creative Voice File"
_ID3_HEAD = 10
_MP3_COUNTS = (b"Xing", b"Info", b"VBRI")  # of the header that counts the frames of an MP3 file
_MP3_FRAME = 2048  # bytes; none is larger


class _UnknownFormatError(UnreadableInputError):
    """A file of a format that libsndfile does not read."""


class AudioSource(FileSource):
    """A sound file that libsndfile reads."""

    def __init__(self, origin: str | bytes, name: str, raw: RawSound | None) -> None:
        self._origin = origin
        self._raw = raw
        with _reader(origin) as reader:
            size = reader.seek(0, os.SEEK_END)
            self._wav = None if raw else read_header(reader, size)
            counts = _counts_frames(reader)
            reader.seek(0)
            tags = None if raw else tags_in(reader)
        with self._open(name) as file:
            rate, channels, frames = int(file.samplerate), int(file.channels), int(file.frames)
            check_shape(rate, channels, name)
            if frames < 1:
                raise UnreadableInputError(f"{name}: holds no samples")
            self.format = str(file.format)
            super().__init__(rate, channels, _layout(self._wav, self.format, channels))
            tags = collected(file.copy_metadata().items()) if tags is None else tags
        self.tags = tags
        self.name, self.size = name, size
        self.promised = frames
        if frames == _UNKNOWN_LENGTH or (self.format == "MP3" and not counts):
            self.promised = None
        elif self._wav is not None:
            self.promised = _promised(self._wav, frames)

    def _read(self) -> Iterator[Block]:
        count, most = 0, self.promised
        with self._open(self.name) as file:
            if most is None:
                file.seekable = lambda: False  # else soundfile seeks, which needs a known length
            while most is None or count < most:
                try:
                    block = file.read(max(1, _BLOCK // self.channels), dtype="float64", always_2d=True)
                except (RuntimeError, ValueError, OSError) as error:
                    raise UnreadableInputError(f"{self.name}: damaged: {_one_line(error)}") from None
                block = block if most is None else block[: most - count]
                if not len(block):
                    break
                count += len(block)
                yield block
        if count == 0:
            raise UnreadableInputError(f"{self.name}: holds no samples")
        self.repairs.missing = 0 if most is None else most - count
        self._counted = count

    def _open(self, name: str) -> soundfile.SoundFile:
        """Open the file.

        Raises:
            _UnknownFormatError: libsndfile cannot read it.
        """
        import soundfile

        arguments = {} if self._raw is None else libsndfile_arguments(self._raw)
        file: str | BinaryIO = self._origin if isinstance(self._origin, str) else io.BytesIO(self._origin)
        if self._wav is not None and self._wav.unknown and not self._wav.declared:
            file = WithLength(_reader(self._origin), self._wav)  # type: ignore[assignment]
        try:
            return soundfile.SoundFile(file, **arguments)
        except (RuntimeError, OSError, TypeError, ValueError) as error:
            raise _UnknownFormatError(f"{name}: not sound that libsndfile can read ({_one_line(error)})") from None


def open_audio(source: Source, name: str, raw: RawSound | None = None) -> FileSource:
    """Open a sound file of any format that libsndfile or ffmpeg reads, or the sound of a video.

    Args:
        source: a path, whose file is read in blocks; or bytes or a binary file object, which are held in memory.
        name: what messages call it.
        raw: what the samples are, if there is no header; None for a file with a header, or one whose name tells.

    Raises:
        UnreadableInputError: the file does not exist, is no sound file, is damaged, or holds no samples.
        LimitError: its rate or its number of channels is beyond `vqcodec.limits`.
    """
    on_disk = isinstance(source, (str, os.PathLike)) and os.path.isfile(source)
    origin = os.fspath(source) if on_disk else read_all(source, name)  # type: ignore[arg-type]
    with _reader(origin) as reader:
        head = reader.read(_HEAD)
        in_blocks = _has_voc_blocks(head, reader.seek(0, os.SEEK_END))
    if not head:
        raise UnreadableInputError(f"{name}: the file is empty")
    if raw is None and not has_sound_magic(head):
        raw = raw_by_name(source)
    try:
        if not in_blocks or not is_at_hand():
            return AudioSource(origin, name, raw)
        reason = ""
    except _UnknownFormatError as error:
        reason = str(error)
    if suffix_of(source) in UNSAID:
        raise UnreadableInputError(f"{name}: samples without a header; say what they are with --raw RATE:FORMAT (raw=)")
    if not is_at_hand():
        raise UnreadableInputError(f"{reason}; ffmpeg, which reads more, is not at hand: pip install imageio-ffmpeg")
    return ConvertedSource(origin, name, DEMUXERS.get(suffix_of(source)))


def _promised(wav: WavHeader, frames: int) -> int:
    """Return the samples of a channel that a WAV file declares, where libsndfile finds `frames` by the file's size."""
    blocks = max(1, min(wav.declared, wav.available) // max(1, wav.block))
    each = frames / blocks  # samples of a block
    if wav.length is not None and wav.length > 0 and abs(wav.length - frames - wav.missing * each) <= 2 * each:
        return wav.length
    return frames + round(wav.missing * each)


def _layout(wav: WavHeader | None, format: str, channels: int) -> tuple[str, ...] | None:
    """Return the layout of the channels of a file; None if it does not tell."""
    if wav is not None and wav.mask is not None:
        return layout_of_mask(wav.mask, channels)
    return layout_of_format(format, channels)


def _has_voc_blocks(head: bytes, size: int) -> bool:
    """Whether a VOC file has several blocks of sound: libsndfile would take the heads of the others for samples."""
    start = int.from_bytes(head[20:22], "little")
    if not head.startswith(_VOC) or start + 4 > len(head):
        return False
    end = start + 4 + int.from_bytes(head[start + 1 : start + 4], "little")
    return end + _HEAD < size


def _counts_frames(file: BinaryIO) -> bool:
    """Whether a file, if it is MP3, begins with a header that counts its frames."""
    file.seek(0)
    head = file.read(_ID3_HEAD)
    start = 0
    if head[:3] == b"ID3" and len(head) == _ID3_HEAD:
        start = _ID3_HEAD + sum(byte << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
    file.seek(start)
    frame = file.read(_MP3_FRAME)
    return any(word in frame for word in _MP3_COUNTS)


def _reader(origin: str | bytes) -> BinaryIO:
    """Return a path or the bytes of a file as a file."""
    return open(origin, "rb") if isinstance(origin, str) else io.BytesIO(origin)


def _one_line(error: BaseException) -> str:
    """Return libsndfile's message in one line, without its prefix."""
    text = getattr(error, "error_string", None) or str(error)
    return " ".join(str(text).split()).removeprefix("Error : ").rstrip(".")
