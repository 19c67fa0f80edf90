"""What a notebook shows of a `.vqc` file beside its facts: a picture, and for speech what plays it."""

from __future__ import annotations

import io
import os
import wave
from typing import Any

from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import VQCodecError
from vqcodec.files.endpoints import Destination, Source
from vqcodec.markup import picture, player

SIZE = 384
"""Pixels of a side of what is shown."""


class Preview:
    """Makes a preview of a file when it is asked for; one that is gone or cannot be decoded has none.

    Args:
        source: a path, or the bytes of the file.
        medium: of the file.
        codebook: to decode with; None for the file's own.
    """

    def __init__(self, source: str | os.PathLike[str] | bytes, medium: str, codebook: Codebook | None) -> None:
        self._source = source
        self._medium = medium
        self._codebook = codebook

    def png(self) -> bytes | None:
        """Return a picture of what the file holds, as a PNG file."""
        from vqcodec.api.previews.thumbnails import as_png, thumbnail_of  # which loads all media

        try:
            return as_png(thumbnail_of(self._source, self._medium, SIZE, self._codebook))
        except VQCodecError:
            return None

    def html(self) -> str:
        """Return the picture, and for speech a player of the first minute; nothing if there is no preview."""
        png = self.png()
        if png is None:
            return ""
        shown = picture(png, "what the file decodes to")
        return f"{shown}<br>{player(self._wav())}" if self._medium == "speech" else shown

    def _wav(self) -> bytes:
        """Return the first minute of speech as a WAV file."""
        from vqcodec.api.previews.thumbnails import first_minute

        samples, rate = first_minute(self._source, self._codebook, None)
        stream = io.BytesIO()
        with wave.open(stream, "wb") as file:
            file.setnchannels(samples.shape[1])
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(samples.astype("<i2").tobytes())
        return stream.getvalue()

    def __getstate__(self) -> dict[str, Any]:
        """Return what goes to another process: not the codebook, which is large, and may be found there."""
        return {**vars(self), "_codebook": None}


def preview_of(place: Source | Destination | None, medium: str, codebook: Codebook | None) -> Preview | None:
    """Return the preview of a file by its path or its bytes; None for anything else."""
    if isinstance(place, (bytearray, memoryview)):
        place = bytes(place)
    return Preview(place, medium, codebook) if isinstance(place, (str, os.PathLike, bytes)) else None
