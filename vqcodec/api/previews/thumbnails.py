"""A small picture of what a `.vqc` file holds."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from vqcodec.api.opened_video import open_video
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import CodebookChoice, beside
from vqcodec.files.endpoints import Source, name_of, naming, read_all

MOST_SECONDS = 60
"""Of speech, that are shown."""
_WAVE, _AXIS = (40, 90, 150, 255), (160, 160, 160, 255)
_FULL_SCALE = 32768


def thumbnail_of(
    source: Source, medium: str, size: int, codebook: Codebook | None = None, threads: int | None = None
) -> Image.Image:
    """Return a picture of at most `size` x `size` pixels, in sRGB, of what a `.vqc` file holds. Nothing is enlarged.

    It is the picture itself, the first frame of a video, or the waveform of the first minute of speech.

    Args:
        source: a path or bytes. medium: of the file.
        codebook: None for the file's own. threads: None for one a CPU.

    Raises:
        UnreadableInputError, CorruptFileError, UnsupportedError, CodebookError, LimitError: see `vqcodec.errors`.
    """
    name = name_of(source)
    with naming(name), beside(source):
        if medium == "image":
            return _of_picture(read_all(source, name), size, codebook, threads)
        if medium == "video":
            return _of_video(source, size, codebook, threads)
        return _of_speech(source, size, codebook, threads)


def as_png(picture: Image.Image) -> bytes:
    """Return a picture as a PNG file."""
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def _of_picture(data: bytes, size: int, book: Codebook | None, threads: int | None) -> Image.Image:
    from vqcodec.image.codec import decode_picture

    picture = decode_picture(data, codebook=book, threads=threads)
    samples = picture.samples
    shown = Image.fromarray(samples[:, :, 0] if samples.shape[2] == 1 else samples)
    small = _within(shown, size)
    profile = picture.metadata.get("icc")
    return small if profile is None else _in_srgb(small, profile)


def _within(picture: Image.Image, size: int) -> Image.Image:
    """Return a picture as it is, or reduced to `size`."""
    small = picture.copy()
    small.thumbnail((size, size), Image.Resampling.LANCZOS)
    return small


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Return a picture in sRGB; as it is if its profile cannot be used."""
    from PIL import ImageCms  # rarely needed, and slow to load

    alpha = picture.getchannel("A") if picture.mode in ("LA", "RGBA") else None
    colour = picture.convert("L" if picture.mode in ("L", "LA") else "RGB")
    try:
        own, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(colour, own, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    assert converted is not None  # as not in place
    if alpha is not None:
        converted.putalpha(alpha)
    return converted


def _of_video(source: Source, size: int, book: Codebook | None, threads: int | None) -> Image.Image:
    with open_video(source, codebook=book, threads=threads) as video:
        picture = Image.fromarray(next(video.rgb(0, 1)))
        aspect = video.aspect
    if aspect is not None and aspect != 1:  # one side is reduced to make samples square
        width, height = picture.size
        square = (round(width * aspect), height) if aspect < 1 else (width, round(height / aspect))
        picture = picture.resize((max(1, square[0]), max(1, square[1])), Image.Resampling.LANCZOS)
    return _within(picture, size)


def _of_speech(source: Source, size: int, book: Codebook | None, threads: int | None) -> Image.Image:
    samples, _ = first_minute(source, book, threads)
    return waveform(samples, size)


def first_minute(source: Source, codebook: CodebookChoice | None, threads: int | None) -> tuple[NDArray[np.int16], int]:
    """Return the first minute of a file of speech, int16 (samples, channels) at the codec's rate, and that in Hz."""
    from vqcodec.speech.reader import open_speech

    with open_speech(source, codebook=codebook, rate="codec", duration=MOST_SECONDS, threads=threads) as speech:
        return np.concatenate(list(speech)), speech.rate


def waveform(samples: NDArray[np.int16], size: int) -> Image.Image:
    """Return the waveform of a sound on no ground, `size` x `size` / 2: int16 (samples, channels), full scale as high.

    Each column goes from the least to the greatest of its samples.
    """
    height = size // 2
    picture = Image.new("RGBA", (size, height), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    middle = (height - 1) / 2
    draw.line((0, middle, size - 1, middle), fill=_AXIS)
    bounds = np.linspace(0, len(samples), size + 1).astype(int)
    for column, (start, end) in enumerate(pairwise(bounds)):
        part = samples[start : max(end, start + 1)]
        if part.size:
            low, high = middle * (1 - int(part.min()) / _FULL_SCALE), middle * (1 - int(part.max()) / _FULL_SCALE)
            draw.line((column, high, column, low), fill=_WAVE)
    return picture


def side_by_side(pictures: Sequence[Image.Image], size: int) -> Image.Image:
    """Return pictures on one of at most `size` x `size` pixels, as many columns as rows, or one row fewer."""
    side = math.ceil(math.sqrt(len(pictures)))
    cell = size // side
    sheet = Image.new("RGBA", (side * cell, math.ceil(len(pictures) / side) * cell), (0, 0, 0, 0))
    for number, picture in enumerate(pictures):
        small = _within(picture, cell).convert("RGBA")
        row, column = divmod(number, side)
        place = (column * cell + (cell - small.width) // 2, row * cell + (cell - small.height) // 2)
        sheet.paste(small, place)
    return sheet
