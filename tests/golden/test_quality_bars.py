"""Quality bars: on frozen inputs, each coder reaches at least its quality with at most its bytes.

The figures are those of the coder when the bars were set. A change may fall short of them by 1 % of the bytes and by
0.05 dB. If a coder improves, set its bars again, so that the gain is kept: run the test with `-s` to see the figures.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import soundfile
from PIL import Image

import vqcodec
from vqcodec.metrics import psnr_rgb, segmental_snr, ssimulacra2_seen

SAMPLES = Path(__file__).parents[2] / "samples"
MORE_BYTES = 1.01
LESS_DB = 0.05


class Bar(NamedTuple):
    """A coder's figures at one quality: size of the file in bytes, and quality in dB or as a score."""

    quality: float
    size: int
    decibels: float

    def reached(self, size: int, decibels: float) -> bool:
        """Whether a result reaches the bar; prints its figures."""
        print(f"Bar({self.quality}, {size}, {decibels:.2f})")
        return size <= self.size * MORE_BYTES and decibels >= self.decibels - LESS_DB


@pytest.mark.parametrize(
    ("codebook", "bar"),
    [
        ("photo", Bar(30, 216, 30.97)),
        ("photo", Bar(70, 747, 37.75)),
        ("classic-4x4-256", Bar(30, 431, 25.52)),
        ("classic-4x4-256", Bar(70, 538, 28.82)),
    ],
)
def test_pictures(codebook: str, bar: Bar) -> None:
    """PSNR over R, G and B of two parrots' heads."""
    picture = np.asarray(Image.open(SAMPLES / "kodim23.png"))[100:228, 200:328]
    options = {"tune": "ssim"} if codebook == "photo" else {}
    data = vqcodec.encode_image(picture, codebook=codebook, quality=bar.quality, **options)
    assert bar.reached(len(data), psnr_rgb(picture, vqcodec.decode_image(data)))


@pytest.mark.parametrize("bar", [Bar(30, 1177, 41.91), Bar(70, 4343, 76.79)])
def test_pictures_as_people_see_them(bar: Bar) -> None:
    """SSIMULACRA2 of two parrots."""
    pytest.importorskip("ssimulacra2")
    picture = np.asarray(Image.open(SAMPLES / "kodim23.png"))[100:356, 120:376]
    data = vqcodec.encode_image(picture, quality=bar.quality)
    assert bar.reached(len(data), ssimulacra2_seen(picture, vqcodec.decode_image(data)))


@pytest.mark.parametrize(
    ("codebook", "bar"),
    [
        ("speech-nb", Bar(30, 1305, 3.53)),
        ("speech-nb", Bar(70, 3046, 3.95)),
        ("speech-wb", Bar(30, 2208, 4.02)),
        ("speech-wb", Bar(70, 4167, 4.59)),
    ],
)
def test_speech(codebook: str, bar: Bar) -> None:
    """Segmental SNR of two seconds of a man's speech at 16 kHz. It is low: these coders do not match the wave."""
    speech, rate = soundfile.read(SAMPLES / "librispeech-1688-man.flac", dtype="int16", frames=32000)
    data = vqcodec.encode_speech(speech, rate, codebook=codebook, quality=bar.quality)
    decoded, _ = vqcodec.decode_speech(data, rate=rate)
    assert bar.reached(len(data), segmental_snr(speech, decoded, rate))


@pytest.mark.parametrize(
    ("codebook", "bar"),
    [
        ("video", Bar(30, 5385, 33.52)),
        ("video", Bar(70, 24482, 44.20)),
        ("screen", Bar(30, 5428, 33.24)),
        ("screen", Bar(70, 25004, 43.96)),
        ("video-st3d", Bar(30, 7719, 34.51)),
        ("video-st3d", Bar(70, 32523, 45.64)),
    ],
)
def test_video(codebook: str, bar: Bar) -> None:
    """PSNR of four frames, (6 Y + U + V) / 8, at a low effort."""
    source = str(SAMPLES / "dog.mkv")
    data = vqcodec.encode(source, codebook=codebook, quality=bar.quality, frames="0:4", effort=2).data
    assert bar.reached(len(data), vqcodec.compare(source, data).mean.psnr_611_db)
