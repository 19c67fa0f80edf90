"""Sound as it is drawn: the outline of a waveform, and a spectrogram."""

from __future__ import annotations

import io
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vqcodec.report_page.embedding import data_uri

COLUMNS = 1200  # of an outline
_WINDOW_S = 0.025
_HOP_S = 0.005
_MOST_COLUMNS = 1600  # of a spectrogram
_ROWS = 256
_RANGE_DB = 75.0
_FULL_SCALE = 32768.0
_BATCH = 512  # windows transformed at once

Samples = NDArray[np.int16]


def outline(samples: Samples, length: int, peak: int) -> str:
    """Return the outline of a waveform as the path of an SVG, of COLUMNS columns, from -1 to 1.

    Args:
        samples: int16 (samples,). length: number of samples that all columns stand for.
        peak: the magnitude that becomes 1, at least 1.
    """
    edges = np.linspace(0, length, COLUMNS + 1).astype(np.int64)
    pieces = [samples[start : max(end, start + 1)] for start, end in pairwise(edges)]
    highest = [float(piece.max()) / peak if piece.size else 0.0 for piece in pieces]
    lowest = [float(piece.min()) / peak if piece.size else 0.0 for piece in pieces]
    upper = [f"{column} {-value - 0.003:.3f}" for column, value in enumerate(highest)]
    lower = [f"{column} {-value + 0.003:.3f}" for column, value in enumerate(lowest)]
    return f"M{'L'.join(upper)}L{'L'.join(reversed(lower))}Z"


def levels(samples: Samples, rate: int, length: int, highest: float) -> NDArray[np.float64]:
    """Return the levels of a spectrogram in dB, float64 (frequencies, moments), the lowest frequency first.

    Args:
        samples: int16 (samples,). rate: Hz.
        length: number of samples that all columns stand for; what is missing is silent.
        highest: the frequency of the last row, Hz.
    """
    width = round(_WINDOW_S * rate)
    size = 1 << (width - 1).bit_length()
    hop = max(1, round(_HOP_S * rate), -(-length // _MOST_COLUMNS))
    padded = np.zeros(length + size, dtype=np.float64)
    padded[size // 2 : size // 2 + min(length, samples.size)] = samples[:length] / _FULL_SCALE
    starts = np.arange(0, length, hop)
    rows = max(2, min(size // 2 + 1, round(highest / rate * size) + 1))
    window = np.zeros(size)
    window[(size - width) // 2 : (size - width) // 2 + width] = np.hanning(width)
    found = np.empty((rows, len(starts)))
    for first in range(0, len(starts), _BATCH):
        part = starts[first : first + _BATCH]
        frames = padded[part[:, None] + np.arange(size)] * window
        found[:, first : first + len(part)] = np.abs(np.fft.rfft(frames, axis=1))[:, :rows].T
    return 20 * np.log10(np.maximum(found, 1e-7))


def spectrogram(of: NDArray[np.float64], loudest: float) -> str:
    """Return a spectrogram as a picture.

    Args:
        of: as `levels` returns it.
        loudest: the level in dB that is brightest; 75 dB below it all is black.
    """
    from bokeh.palettes import Inferno256

    part = np.clip((of - loudest) / _RANGE_DB + 1, 0, 1)
    image = Image.fromarray(np.round(255 * part[::-1]).astype(np.uint8))
    image = image.resize((image.width, _ROWS), Image.Resampling.BILINEAR)
    image.putpalette(bytes.fromhex("".join(colour.removeprefix("#") for colour in Inferno256)))
    written = io.BytesIO()
    image.save(written, "PNG", optimize=True)
    return data_uri(written.getvalue(), "image/png")
