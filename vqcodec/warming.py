"""Compiling every kernel ahead of time, by doing a little of everything that commands do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from vqcodec.speech.engines import SpeechEngine
    from vqcodec.video.frames import Frame
    from vqcodec.vq.library import CodebookEntry

EFFORTS = (0, 5, 9)
OPTIONS: dict[str, tuple[dict[str, Any], ...]] = {
    "image/block": ({},),
    "image/transform": ({}, {"tune": "psnr", "chroma": "420", "alpha_quality": 50.0}),
}
"""By engine, options that between them take every way through the kernels."""

HEIGHT, WIDTH = 44, 52  # no multiples of a block
FRAMES = 10  # every kind of frame
HUM_SAMPLES = 18_000
LOW_QUALITY = 10.0  # at which speech takes the post-filter too


def compile_kernels(progress: Callable[[float], None] | None = None) -> None:
    """Encode and decode something tiny with every codebook at hand, so that kernels are compiled and cached.

    Args:
        progress: called with the part of the work that is done, from 0 to 1.
    """
    from vqcodec.vq.library import list_codebooks

    steps = [step for entry in list_codebooks() for step in _steps(entry)]
    for number, step in enumerate(steps):
        step()
        if progress is not None:
            progress((number + 1) / len(steps))


def _steps(entry: CodebookEntry) -> list[Callable[[], None]]:
    """What to do with a codebook to have taken every way through the kernels."""
    if entry.engine.startswith("speech/"):
        from vqcodec.speech.engines import ENGINES

        engine = ENGINES.get(entry.engine)
        if engine is None:
            return []
        return [
            partial(_code_speech, entry, engine, effort) for effort in (EFFORTS if engine.kbps is None else (None,))
        ]
    if entry.engine.startswith("video/"):
        return [partial(_code_video, entry)]
    return [
        partial(_code_picture, entry, channels, effort, options)
        for options in OPTIONS.get(entry.engine, ())
        for channels in (1, 2, 3, 4)
        for effort in EFFORTS
    ]


def _code_picture(entry: CodebookEntry, channels: int, effort: int, options: dict[str, Any]) -> None:
    from vqcodec.image import count_bits, decode_picture, encode_picture
    from vqcodec.image.pixels import Picture

    codebook = entry.load()
    picture = Picture(texture(channels))
    encoded = encode_picture(picture, codebook=codebook, quality=50.0, effort=effort, threads=1, **options)
    decode_picture(encoded.data, codebook=codebook, threads=1)
    count_bits(encoded.data, codebook=codebook)


def _code_speech(entry: CodebookEntry, engine: SpeechEngine, effort: int | None) -> None:
    from vqcodec.speech.engines import SpeechOptions

    codebook, coder = entry.load(), engine.coder
    quality = None if effort is None else LOW_QUALITY
    encoded = coder.encode(hum(), codebook, SpeechOptions(quality=quality, effort=effort, threads=1))
    packets: list[bytes | None] = [*encoded.packets[:-1], None]
    for kept in (encoded.packets, packets):
        coder.decode(encoded.header, kept, codebook, threads=1)
    coder.count_bits(encoded.header, encoded.packets, codebook)


def _code_video(entry: CodebookEntry) -> None:
    from vqcodec.video.engines import Settings, engine_for

    codebook, engine = entry.load(), engine_for(entry.engine)
    coded = engine.encode_group(moving_texture(), codebook, Settings(quality=50.0, effort=9, threads=1))
    for _ in engine.decode_group(coded.packet, WIDTH, HEIGHT, codebook, threads=1):
        pass
    engine.count_bits(coded.packet, WIDTH, HEIGHT, codebook)


def moving_texture() -> list[Frame]:
    """A group of frames: a texture that moves over a flat half."""
    from vqcodec.video.frames import Frame

    wide = np.concatenate([texture(1), texture(1)[:, ::-1]], axis=1)[:, :, 0]
    shifted = [wide[:, 2 * time : 2 * time + WIDTH] for time in range(FRAMES)]
    return [Frame(np.ascontiguousarray(luma), luma[::2, ::2].copy(), luma[1::2, 1::2].copy()) for luma in shifted]


def hum() -> np.ndarray:
    """Sound of a little more than a packet, int16 (samples,), at whatever rate: a hum, noise, and a pause."""
    time = np.arange(HUM_SAMPLES)
    noise = np.random.default_rng(1).normal(0, 200, HUM_SAMPLES)
    return np.where(time % 4000 < 3000, 3000 * (time % 80 < 4) + noise, 0).astype(np.int16)


def texture(channels: int) -> np.ndarray:
    """A picture, uint8 (HEIGHT, WIDTH, channels): a flat half, a slope and noise."""
    y, x = np.indices((HEIGHT, WIDTH))
    noise = np.random.default_rng(1).integers(0, 80, (HEIGHT, WIDTH))
    plane = np.where(x < WIDTH // 2, 90, 2 * y + noise)
    return np.stack([plane + 10 * channel for channel in range(channels)], axis=2).astype(np.uint8)
