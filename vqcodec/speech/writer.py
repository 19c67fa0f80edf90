"""Speech written piece by piece: `SpeechWriter`, which takes samples as they come, and encodes them meanwhile."""

from __future__ import annotations

import warnings
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, Unpack

from numpy.typing import NDArray

from vqcodec.codebook.library import chosen_codebook
from vqcodec.errors import UsageError
from vqcodec.files.endpoints import Destination, name_of, writable
from vqcodec.media.encoding import DELAY, DESTINATION, OVERWRITE, SAMPLE_RATE, EncodeOptions
from vqcodec.media.keywords import SpeechKeywords
from vqcodec.speech.codec import MEDIUM
from vqcodec.speech.live_file import DEFAULT_DELAY_S, LiveFile, check_live
from vqcodec.speech.sound.arrays import as_block, checked_samples
from vqcodec.speech.sound.source import Repairs, check_shape


class SpeechWriter:
    """A `.vqc` file of speech that is written while the samples come. Close it, or use it in a `with` block.

        with vqcodec.SpeechWriter("talk.vqc", 16000, bitrate=8) as writer:
            for block in microphone:
                writer.write(block)

    A file at a path appears when it is closed, whole; if the block ends with an error, nothing is left. A stream gets
    each group of packets as soon as it is coded; if the block ends with an error, it stays without its end, and
    decoding says so. Memory does not grow with the length, but for 32 bytes of the index a second. The sizes of the
    pieces do not change the bytes. Not for use by several threads at once.

    A recording that is encoded at once takes fewer bytes for the same quality (docs/streaming.md).

    Args:
        destination: a path, or a binary stream, which need not seek.
        sample_rate: samples a second, a whole number from 1000 to 768000.

    Options, all by name:
        delay: seconds of sound that are coded together, 0.1 to 60: so much later the packets come. Above 1, whole
            seconds of it count. Longer groups take fewer bytes.
        overwrite: replace a file that exists.
        codebook, band, channels, quality, bitrate, effort, embed_codebook, threads: as of `encode_speech`. Channels are
            mixed by their mean, since nobody knows whether they will cancel; `keep` them if they may. A bitrate is held
            on average over some groups. A target size is not possible.

    Attributes:
        rate: Hz, of the samples that it takes.
        channels: number of channels of what was written; None before.
        length: samples of each channel so far.

    Raises:
        UsageError: an option is unknown, out of range or in conflict with another.
        CodebookError: the codebook is not found, or is not for speech.
        OutputError: the file exists and `overwrite` is not set, or it cannot be made there.
    """

    def __init__(
        self,
        destination: Destination,
        sample_rate: int,
        *,
        delay: float = DEFAULT_DELAY_S,
        overwrite: bool = False,
        **asked: Unpack[SpeechKeywords],
    ) -> None:
        options = EncodeOptions.of_function("SpeechWriter", MEDIUM, SpeechKeywords.__optional_keys__, asked)
        self._asked = replace(options, delay=DELAY.check(delay))
        check_live(self._asked)
        self._codebook = chosen_codebook(options.codebook)
        self.rate = SAMPLE_RATE.check(sample_rate)
        check_shape(self.rate, 1, "samples")
        self.channels: int | None = None
        self._name = name_of(DESTINATION.check(destination))
        self._repairs = Repairs()
        self._live: LiveFile | None = None
        self._open = True
        self._resources = ExitStack()
        self._file = self._resources.enter_context(writable(destination, overwrite=OVERWRITE.check(overwrite)))

    @property
    def length(self) -> int:
        """Samples of each channel so far."""
        return 0 if self._live is None else self._live.length

    def write(self, samples: NDArray[Any]) -> None:
        """Take the next samples.

        Args:
            samples: shape (samples,) or (samples, channels), of any number of samples, as of `encode_speech`. All have
                the same channels as the first ones.

        Raises:
            UsageError: they are no sound, or have other channels, and are not taken; or the writer is closed.
            CodebookError, LimitError, OutputError: the work cannot go on; the writer is closed, and leaves no file.

        """
        if not self._open:
            raise UsageError(f"{self._name}: the writer is closed")
        signal = checked_samples(samples, may_be_none=True)
        if not signal.size:
            return
        channels = signal.shape[1]
        if self.channels not in (None, channels):
            raise UsageError(f"samples of {channels} channels; those before have {self.channels}")
        check_shape(self.rate, channels, "samples")
        try:
            if self._live is None:
                self._live = LiveFile(self._file, self.rate, channels, self._asked, codebook=self._codebook)
                self.channels = channels
            self._live.push(self._repairs.repaired(as_block(signal)))
        except BaseException as error:
            self._give_up(error)
            raise

    def close(self) -> None:
        """Code what is left, and finish the file. A second call does nothing.

        Raises:
            UsageError: no samples were written, so there is no file.
            OutputError: it cannot be written.

        Warns:
            UserWarning: samples were NaN, infinite or beyond full scale, and were repaired.
        """
        if not self._open:
            return
        try:
            if self._live is None:
                raise UsageError(f"{self._name}: no samples were written, so there is no file")
            self._live.finish()
        except BaseException as error:
            self._give_up(error)
            raise
        self._open = False
        self._resources.close()
        for note in self._repairs.notes():
            warnings.warn(note, stacklevel=2)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        elif self._open:
            self._give_up(error)

    def _give_up(self, error: BaseException) -> None:
        """Close without a file."""
        self._open = False
        self._resources.__exit__(type(error), error, error.__traceback__)
