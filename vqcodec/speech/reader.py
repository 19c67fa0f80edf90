"""Speech read piece by piece: an open `.vqc` file that gives samples as they are asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import beside, chosen_codebook
from vqcodec.container.wrapping import codebook_of
from vqcodec.files.endpoints import Source, name_of, naming, seekable
from vqcodec.media import decoding
from vqcodec.media.target import THREADS
from vqcodec.speech.decoding import Decoding
from vqcodec.speech.files import read_speech


class SpeechReader:
    """An open file of speech. Each iteration goes through it from its beginning; close it, or use it in a `with` block.

    Attributes:
        rate: Hz, of the samples that it gives.
        channels: number of channels.
        length: samples of a channel in all.
    """

    def __init__(self, resources: ExitStack, decoded: Decoding) -> None:
        self._resources = resources
        self._decoded = decoded
        self.rate, self.channels, self.length = decoded.rate, decoded.channels, decoded.length

    def __iter__(self) -> Iterator[NDArray[np.int16]]:
        """Yield blocks of samples, int16 (samples, channels), of at most some tens of seconds each."""
        return self._decoded.blocks()

    def close(self) -> None:
        """Close the file."""
        self._resources.close()

    def __enter__(self) -> SpeechReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_speech(
    source: Source,
    *,
    codebook: Codebook | str | os.PathLike[str] | None = None,
    rate: int | str | None = "source",
    start: float | str | None = None,
    duration: float | str | None = None,
    threads: int | None = None,
) -> SpeechReader:
    """Open a `.vqc` file of speech, whole or in part, to decode it piece by piece.

    Of a long file only what is asked for is read, and memory holds one piece at a time.

    Args:
        source: a path, bytes or a binary file.
        codebook, rate, start, duration, threads: as of `decode_speech`.

    Raises:
        UnreadableInputError: the file cannot be opened.
        CorruptFileError, UnsupportedError: it is damaged, or of a later version; iterating may raise this too.
        CodebookError: its codebook is not found, or `codebook` is not the one it needs.
        UsageError: an argument is of the wrong type or out of range, or the part begins beyond the end.
    """
    given = {"codebook": codebook, "rate": rate, "start": start, "duration": duration, "threads": threads}
    book, name = chosen_codebook(decoding.CODEBOOK.value_in(given)), name_of(source)
    with ExitStack() as resources, naming(name), beside(source):
        speech = read_speech(resources.enter_context(seekable(source, name)), sparing=True)
        decoded = Decoding(
            speech,
            codebook_of(speech.media, book),
            rate=decoding.RATE.value_in(given) or "source",
            start_s=decoding.START.value_in(given) or 0.0,
            duration_s=decoding.DURATION.value_in(given),
            threads=THREADS.value_in(given),
        )
        return SpeechReader(resources.pop_all(), decoded)
