"""Speech decoded: whole to an array, or piece by piece from an open `.vqc` file."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any, BinaryIO, Self

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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
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
    name = name_of(source)
    with ExitStack() as resources, naming(name), beside(source):
        file = resources.enter_context(seekable(source, name))
        decoded = _decoding_of(file, given, sparing=True)
        return SpeechReader(resources.pop_all(), decoded)


def decode_speech(
    data: bytes,
    *,
    codebook: Codebook | str | os.PathLike[str] | None = None,
    rate: int | str | None = "source",
    start: float | str | None = None,
    duration: float | str | None = None,
    threads: int | None = None,
) -> tuple[NDArray[np.int16], int]:
    """Return the samples of a `.vqc` file of speech, int16 (samples,) or (samples, channels), and their sampling rate.

    Args:
        data: the bytes of the file.
        codebook: a codebook, or the name or path of one; without it the file's own is looked for.
        rate: `source` for that of what was encoded, `codec` for that of the codec, or 1000 to 768000 Hz.
        start: second to begin with, or text such as `1:05`; None for the beginning.
        duration: seconds to decode, above 0, or text as for `start`; None for all.
        threads: how many to use; None for one a CPU.

    Raises:
        CorruptFileError, UnsupportedError: the file is damaged, or of a later version.
        CodebookError: its codebook is not found, or `codebook` is not the one it needs.
        UsageError: an argument is of the wrong type or out of range, or the part begins beyond the end.
    """
    given = {"codebook": codebook, "rate": rate, "start": start, "duration": duration, "threads": threads}
    decoded = _decoding_of(io.BytesIO(decoding.DATA.check(data)), given)
    samples = np.concatenate(list(decoded.blocks()))
    return (samples[:, 0] if samples.shape[1] == 1 else samples), decoded.rate


def _decoding_of(file: BinaryIO, given: Mapping[str, Any], *, sparing: bool = False) -> Decoding:
    """Return the decoding of a file as it is asked for; arguments and errors as of `open_speech` and `read_speech`."""
    book = chosen_codebook(decoding.CODEBOOK.value_in(given))
    rate, threads = decoding.RATE.value_in(given), THREADS.value_in(given)
    start, duration = decoding.START.value_in(given), decoding.DURATION.value_in(given)
    speech = read_speech(file, sparing=sparing)
    return Decoding(
        speech,
        codebook_of(speech.media, book),
        rate=rate or "source",
        start_s=start or 0.0,
        duration_s=duration,
        threads=threads,
    )
