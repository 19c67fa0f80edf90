"""Sound files in, through libsndfile: blocks of one channel at the codec's rate, from files of any rate and channels.

A file is read block by block, anew at each reading, so that memory does not grow with its length.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vqcodec import limits
from vqcodec.errors import LimitError, UnreadableInputError, UsageError
from vqcodec.files.endpoints import Source, read_all
from vqcodec.speech.sound.resampling import Resampler

if TYPE_CHECKING:
    import soundfile

FULL_SCALE = 32768.0
TAGS = ("title", "artist", "album", "date", "genre", "tracknumber", "comment", "copyright", "license")
"""Tags that are kept. The name of the program that wrote the file is not, since it says nothing about the sound."""

_WAV_HEADER = 36  # bytes up to the end of the description of the samples
_ENDLESS_WAV = (1 << 31) - (1 << 16)  # bytes; a header with more was written before the length was known
_BLOCK = 1 << 16  # samples read at a time, of all channels together


@dataclass
class Repairs:
    """Numbers of samples that were repaired in reading, of all channels that were read.

    Attributes:
        not_numbers: NaN or infinite, taken as 0.
        too_loud: beyond full scale, clipped.
        missing: of a channel, since the file is cut off.
    """

    not_numbers: int = 0
    too_loud: int = 0
    missing: int = 0

    def notes(self) -> list[str]:
        """Return a clause for each kind of repair, as messages to the user."""
        kinds = {
            "that are no numbers taken as silence": self.not_numbers,
            "beyond full scale clipped": self.too_loud,
            "missing at the end: the file is cut off": self.missing,
        }
        return [f"{count:,} sample{'s' * (count != 1)} {what}" for what, count in kinds.items() if count]


@dataclass(frozen=True)
class AudioSource:
    """A sound file that can be read.

    Attributes:
        name: what messages call it.
        rate: Hz, limits.MIN_AUDIO_RATE to limits.MAX_AUDIO_RATE.
        channels: 1 to limits.MAX_AUDIO_CHANNELS.
        promised: samples of a channel according to the file's header, at least 1.
        size: bytes of the file.
        format: libsndfile's name, such as `WAV`.
        tags: texts by name, such as `title` and `artist`.
        repairs: of the last reading.
    """

    name: str
    rate: int
    channels: int
    promised: int
    size: int
    format: str
    tags: dict[str, str]
    _origin: str | bytes = field(repr=False)
    repairs: Repairs = field(default_factory=Repairs, compare=False)

    @property
    def length(self) -> int:
        """Samples of a channel; if the file is cut off, right only after it has been read."""
        return self.promised - self.repairs.missing

    def blocks(self, codec_rate: int, channel: int | None = None) -> Iterator[NDArray[np.float64]]:
        """Yield the sound from its beginning: float64 (samples,), full scale 32768, at `codec_rate`.

        There are `resampling.resampled_length` samples in all. No block is empty; their sizes differ.

        Args:
            codec_rate: Hz.
            channel: number of a channel; None for the mean of all.

        Raises:
            UnreadableInputError: the file is damaged.
        """
        resampler = Resampler(self.rate, codec_rate)
        for block in self._mono_blocks(channel):
            ready = resampler.push(block)
            if ready.size:
                yield ready
        rest = resampler.finish()
        if rest.size:
            yield rest

    def samples(self, codec_rate: int, channel: int | None = None) -> NDArray[np.int16]:
        """Return all of `blocks`, rounded: int16 (samples,)."""
        return np.concatenate([pcm16(block) for block in self.blocks(codec_rate, channel)])

    def _mono_blocks(self, channel: int | None) -> Iterator[NDArray[np.float64]]:
        """Yield the sound at the file's own rate; arguments and errors as `blocks`."""
        repairs = self.repairs
        repairs.not_numbers = repairs.too_loud = repairs.missing = 0
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
                yield _mixed(block if channel is None else block[:, channel : channel + 1], repairs)
        if count == 0:
            raise UnreadableInputError(f"{self.name}: holds no samples")
        repairs.missing = self.promised - count


@dataclass(frozen=True)
class ArraySource:
    """An array that is read like a sound file.

    Attributes:
        rate: Hz.
        signal: int16, or floating point with full scale 1, of shape (samples, channels).
    """

    rate: int
    signal: NDArray[Any]

    @classmethod
    def of(cls, samples: NDArray[Any], rate: int) -> ArraySource:
        """Return the source for an array, after checking it.

        Raises:
            UsageError: the array is not int16 or floating point, not of shape (samples,) or (samples, channels), or
                empty.
            LimitError: the rate or the number of channels is beyond the limits.
        """
        try:
            signal = np.asarray(samples)
        except ValueError:  # rows of different lengths
            raise UsageError("samples must be an array, all of its rows of one length") from None
        if signal.ndim == 1:
            signal = signal[:, np.newaxis]
        if signal.ndim != 2 or not signal.size or not (signal.dtype == np.int16 or signal.dtype.kind == "f"):
            raise UsageError(
                f"samples must be int16 or floating point of shape (n,) or (n, channels), "
                f"not {signal.dtype} {np.shape(samples)}"
            )
        check_shape(rate, signal.shape[1], "samples")
        return cls(rate, signal)

    @property
    def length(self) -> int:
        """Samples of a channel."""
        return int(self.signal.shape[0])

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.signal.shape[1])

    def samples(self, codec_rate: int, channel: int | None = None) -> NDArray[np.int16]:
        """Return the sound, as `AudioSource.samples` does."""
        chosen = self.signal if channel is None else self.signal[:, channel : channel + 1]
        scaled = chosen / FULL_SCALE if chosen.dtype == np.int16 else chosen.astype(np.float64)
        resampler = Resampler(self.rate, codec_rate)
        return pcm16(np.concatenate([resampler.push(_mixed(scaled, Repairs())), resampler.finish()]))


def check_shape(rate: int, channels: int, name: str) -> None:
    """Refuse a sampling rate or a number of channels beyond the limits; `name` is what the message calls the sound.

    Raises:
        LimitError: the rate or the number of channels is beyond the limits.
    """
    if not limits.MIN_AUDIO_RATE <= rate <= limits.MAX_AUDIO_RATE:
        raise LimitError(
            f"{name}: {rate} samples a second; {limits.MIN_AUDIO_RATE} to {limits.MAX_AUDIO_RATE} are allowed"
        )
    if channels > limits.MAX_AUDIO_CHANNELS:
        raise LimitError(f"{name}: {channels} channels; at most {limits.MAX_AUDIO_CHANNELS} are allowed")


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
    size = os.path.getsize(origin) if isinstance(origin, str) else len(origin)
    if size == 0:
        raise UnreadableInputError(f"{name}: the file is empty")
    with _open(origin, name) as file:
        if file.frames < 1:
            raise UnreadableInputError(f"{name}: holds no samples")
        check_shape(file.samplerate, file.channels, name)
        return AudioSource(
            name=name,
            rate=int(file.samplerate),
            channels=int(file.channels),
            promised=int(file.frames) + _cut_off(origin, size),
            size=size,
            format=str(file.format),
            tags={key: text for key, text in file.copy_metadata().items() if key in TAGS and text.strip()},
            _origin=origin,
        )


def _cut_off(origin: str | bytes, size: int) -> int:
    """Return how many samples of a channel a WAV file lacks against its header.

    libsndfile goes by the size of the file. A header that was written to a pipe may give the largest possible length;
    it does not count.
    """
    if isinstance(origin, str):
        with open(origin, "rb") as file:
            header = file.read(_WAV_HEADER)
    else:
        header = origin[:_WAV_HEADER]
    if len(header) < _WAV_HEADER or header[:4] != b"RIFF" or header[8:16] != b"WAVEfmt ":
        return 0
    whole = int.from_bytes(header[4:8], "little") + 8
    frame = int.from_bytes(header[32:34], "little")
    return max(0, whole - size) // max(frame, 1) if whole < _ENDLESS_WAV else 0


def pcm16(samples: NDArray[np.float64]) -> NDArray[np.int16]:
    """Return `samples`, at full scale 32768, rounded and clipped to int16."""
    return np.clip(np.rint(samples), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


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


def _mixed(block: NDArray[np.float64], repairs: Repairs) -> NDArray[np.float64]:
    """Return the mean of the channels at full scale 32768, after repairing samples that are not within full scale."""
    finite = np.isfinite(block)
    if not finite.all():
        repairs.not_numbers += int(block.size - np.count_nonzero(finite))
        block = np.where(finite, block, 0.0)
    too_loud = int(np.count_nonzero(np.abs(block) > 1.0))
    if too_loud:
        repairs.too_loud += too_loud
        block = np.clip(block, -1.0, 1.0)
    return block.mean(axis=1) * FULL_SCALE


def _one_line(error: BaseException) -> str:
    """Return libsndfile's message in one line, without its prefix."""
    text = getattr(error, "error_string", None) or str(error)
    return " ".join(str(text).split()).removeprefix("Error : ").rstrip(".")
