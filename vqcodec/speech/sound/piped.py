"""Sound from a pipe, read while it comes: WAV, and samples without a header."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import MappingProxyType
from typing import BinaryIO, cast

from vqcodec.errors import UnreadableInputError
from vqcodec.files.endpoints import Source, read_all, reading_errors
from vqcodec.files.streams import read_some, read_up_to
from vqcodec.media.raw import RawSound
from vqcodec.speech.sound.audio import open_audio
from vqcodec.speech.sound.layout import Layout, layout_of_format, layout_of_mask
from vqcodec.speech.sound.mixing import Block
from vqcodec.speech.sound.raw import libsndfile_arguments
from vqcodec.speech.sound.source import FileSource, Repairs, check_shape
from vqcodec.speech.sound.wav import ENDLESS, read_header

_READ_BYTES = 1 << 16
_MOST_HEADER = 1 << 20  # bytes before the samples of a WAV file
_WIDTHS = {"s8": 1, "u8": 1, "s16": 2, "s24": 3, "s32": 4, "f32": 4, "f64": 8, "mulaw": 1, "alaw": 1}
_IN_WAV = {
    (1, 8): "u8", (1, 16): "s16le", (1, 24): "s24le", (1, 32): "s32le", (3, 32): "f32le", (3, 64): "f64le",
    (6, 8): "alaw", (7, 8): "mulaw",
}  # fmt: skip
"""How samples are stored in WAV, by its code and their bits."""


class PipedSound:
    """A sound that can be read once, while it comes.

    Attributes:
        rate: Hz.
        channels: number of channels.
        layout: of the channels; None if it is not known.
        size: bytes that have been read.
        repairs: in what has been read.
        tags: texts by name, of which there are none.
    """

    tags: Mapping[str, str] = MappingProxyType({})

    def __init__(
        self, stream: BinaryIO, name: str, form: RawSound, layout: Layout | None, declared: int | None
    ) -> None:
        check_shape(form.rate, form.channels, name)
        self._stream, self._name, self._form = stream, name, form
        self._declared = declared  # bytes of samples
        self.rate, self.channels, self.layout = form.rate, form.channels, layout
        self.size = 0
        self.repairs = Repairs()

    def whole_blocks(self) -> Iterator[Block]:
        """Yield the sound as it comes, repaired: float64 (samples, channels), full scale 1.

        Raises:
            UnreadableInputError: the stream cannot be read.
        """
        import soundfile

        frame = self.channels * _WIDTHS[self._form.encoding.removesuffix("le").removesuffix("be")]
        left, rest, arguments = self._declared, b"", libsndfile_arguments(self._form)
        while left is None or left > 0:
            with reading_errors(self._name):
                data = read_some(self._stream, _READ_BYTES if left is None else min(_READ_BYTES, left))
            if not data:
                break
            self.size += len(data)
            left = None if left is None else left - len(data)
            data = rest + data
            whole = len(data) // frame * frame
            rest = data[whole:]
            if whole:
                block, _ = soundfile.read(io.BytesIO(data[:whole]), dtype="float64", always_2d=True, **arguments)
                yield self.repairs.repaired(block)
        self.repairs.missing = 0 if left is None else left // frame
        while left == 0 and self._skip():
            pass

    def _skip(self) -> bool:
        """Read what follows the samples, so that whoever writes the pipe can finish; return whether there was any."""
        with reading_errors(self._name):
            data = read_some(self._stream, _READ_BYTES)
        self.size += len(data)
        return bool(data)


@contextmanager
def open_sound(source: Source, name: str, raw: RawSound | None) -> Iterator[PipedSound | FileSource]:
    """Return a sound to be read once: that of a stream while it comes, if its format can be read so.

    Args:
        source: a path, bytes or a binary stream.
        name: what messages call it.
        raw: what the samples are, if there is no header.

    Raises:
        UnreadableInputError, LimitError: as `audio.open_audio`.
    """
    if isinstance(source, (bytes, bytearray, memoryview)) or (not hasattr(source, "read") and os.path.isfile(source)):
        yield open_audio(source, name, raw)
        return
    with ExitStack() as resources:
        stream = source
        if isinstance(source, (str, os.PathLike)):  # a named pipe, or nothing
            with reading_errors(name):
                stream = resources.enter_context(open(source, "rb"))
        found = _open_piped(cast(BinaryIO, stream), name, raw)
        yield open_audio(found + read_all(stream, name), name, raw) if isinstance(found, bytes) else found


def _open_piped(stream: BinaryIO, name: str, raw: RawSound | None) -> PipedSound | bytes:
    """Return the sound of a stream; its first bytes if it is in a format that cannot be read while it comes.

    Raises:
        UnreadableInputError: the stream is empty or cannot be read.
        LimitError: the rate or the number of channels is beyond the limits.
    """
    if raw is not None:
        if raw.encoding == "gsm":  # its blocks depend on one another
            return b""
        return PipedSound(stream, name, raw, layout_of_format("RAW", raw.channels), None)
    with reading_errors(name):
        head = _wav_header(stream)
    if not head:
        raise UnreadableInputError(f"{name}: the file is empty")
    header = read_header(io.BytesIO(head), len(head)) if head[8:12] == b"WAVE" else None
    encoding = None if header is None else _IN_WAV.get((header.code, header.bits))
    if header is None or encoding is None or not header.channels:
        return head
    layout = layout_of_format("WAV", header.channels)
    if header.mask is not None:
        layout = layout_of_mask(header.mask, header.channels)
    declared = header.declared if 0 < header.declared < ENDLESS else None
    sound = PipedSound(stream, name, RawSound(header.rate, encoding, header.channels), layout, declared)
    sound.size = len(head)
    return sound


def _wav_header(stream: BinaryIO) -> bytes:
    """Return the bytes of a WAV file up to its samples; of another file, some bytes from its beginning."""
    head = read_up_to(stream, 12)
    if head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
        return head
    while len(head) < _MOST_HEADER:
        chunk = read_up_to(stream, 8)
        head += chunk
        length = int.from_bytes(chunk[4:], "little")
        if len(chunk) < 8 or chunk[:4] == b"data" or length > _MOST_HEADER:
            break
        head += read_up_to(stream, length + length % 2)
    return head
