"""What every source of sound has in common: blocks of one channel at the codec's rate, repaired, mixed, resampled."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from vqcodec import limits
from vqcodec.errors import LimitError
from vqcodec.speech.pcm import to_pcm
from vqcodec.speech.sound.layout import Layout
from vqcodec.speech.sound.mixing import Block, Mix, find_mix
from vqcodec.speech.sound.resampling import Resampler

FULL_SCALE = 32768.0


@dataclass
class Repairs:
    """Numbers of samples that were repaired in reading, of all channels.

    Attributes:
        not_numbers: NaN or infinite, taken as 0.
        too_loud: beyond full scale, clipped.
        missing: of a channel, since the file is cut off.
        damage: what else was wrong with the file, in ffmpeg's words; empty for nothing.
    """

    not_numbers: int = 0
    too_loud: int = 0
    missing: int = 0
    damage: str = ""

    def repaired(self, block: Block) -> Block:
        """Return a block whose samples are all within full scale; count what had to be repaired."""
        finite = np.isfinite(block)
        if not finite.all():
            self.not_numbers += int(block.size - np.count_nonzero(finite))
            block = np.where(finite, block, 0.0)
        too_loud = int(np.count_nonzero(np.abs(block) > 1.0))
        if too_loud:
            self.too_loud += too_loud
            block = np.clip(block, -1.0, 1.0)
        return block

    def notes(self) -> list[str]:
        """Return a clause for each kind of repair, as messages to the user."""
        kinds = {
            "NaN or infinite {}, taken as silence": self.not_numbers,
            "{} beyond full scale, clipped": self.too_loud,
            "{} missing at the end: the file is cut off": self.missing,
        }
        said = [
            f"{count:,} {what.format('sample' if count == 1 else 'samples')}" for what, count in kinds.items() if count
        ]
        return [*said, f"damaged or cut off ({self.damage})"] if self.damage else said


class SoundSource(ABC):
    """A sound that can be read several times, from a file or an array.

    Attributes:
        rate: Hz, limits.MIN_AUDIO_RATE to limits.MAX_AUDIO_RATE.
        channels: 1 to limits.MAX_AUDIO_CHANNELS.
        layout: of the channels; None if it is not known.
        repairs: of the last reading.
    """

    def __init__(self, rate: int, channels: int, layout: Layout | None = None) -> None:
        self.rate = rate
        self.channels = channels
        self.layout = layout
        self.repairs = Repairs()

    @property
    @abstractmethod
    def length(self) -> int:
        """Samples of a channel; certain only once they have been read."""

    @abstractmethod
    def _read(self) -> Iterator[Block]:
        """Yield the sound from its beginning: float64 (samples, channels), full scale 1."""

    @cached_property
    def mix(self) -> Mix:
        """How several channels become one. The sound is read for that."""
        return find_mix(self.whole_blocks, self.rate, self.channels, self.layout)

    def notes(self, streams: int) -> list[str]:
        """Return how channels were mixed, if `streams` are fewer, and what was repaired in the last reading."""
        mixed = [] if self.channels == streams else [f'{self.mix.how}; keep them with channels="keep"']
        return [*mixed, *self.repairs.notes()]

    def blocks(self, codec_rate: int, channel: int | None = None) -> Iterator[NDArray[np.float64]]:
        """Yield the sound from its beginning: float64 (samples,), full scale 32768, at `codec_rate`.

        There are `resampling.resampled_length` samples in all. No block is empty; their sizes differ.

        Args:
            codec_rate: Hz.
            channel: number of a channel; None for the mix of all.

        Raises:
            UnreadableInputError: the file is damaged.
        """
        mix = self.mix if channel is None and self.channels > 1 else None
        resampler = Resampler(self.rate, codec_rate)
        for block in self.whole_blocks():
            ready = resampler.push((block[:, channel or 0] if mix is None else mix.of(block)) * FULL_SCALE)
            if ready.size:
                yield ready
        rest = resampler.finish()
        if rest.size:
            yield rest

    def samples(self, codec_rate: int, channel: int | None = None) -> NDArray[np.int16]:
        """Return all of `blocks`, rounded: int16 (samples,)."""
        return np.concatenate([to_pcm(block) for block in self.blocks(codec_rate, channel)])

    def whole_blocks(self) -> Iterator[Block]:
        """Yield the sound from its beginning, repaired: float64 (samples, channels), full scale 1, at its own rate."""
        repairs = self.repairs
        repairs.not_numbers = repairs.too_loud = repairs.missing = 0
        repairs.damage = ""
        for block in self._read():
            yield repairs.repaired(block)


class FileSource(SoundSource):
    """A sound file.

    Attributes:
        name: what messages call it.
        size: bytes of the file.
        format: such as `WAV`; `ffmpeg` for what libsndfile does not read.
        tags: texts by name, such as `title` and `artist`.
        promised: samples of a channel according to the file's header; None if it does not tell.
    """

    name: str
    size: int
    format: str
    tags: dict[str, str]
    promised: int | None = None
    _counted: int | None = None  # samples of a channel, once they have been read

    @property
    def length(self) -> int:
        """Samples of a channel; if the file is cut off, right only after it has been read."""
        if self._counted is None and self.promised is not None:
            return self.promised
        if self._counted is None:
            for _ in self._read():
                pass
        assert self._counted is not None
        return self._counted


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
