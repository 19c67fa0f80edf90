"""Taking every way through the kernels, by doing a little of everything that commands do.

This compiles what has no native code, and it is what the signatures of kernels are recorded from.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from vqcodec.errors import OutputError
from vqcodec.kernels import native
from vqcodec.kernels.cache import REMEDY
from vqcodec.media.engine import Engine, SpeechEngine
from vqcodec.media.registry import find_engine, is_registered

if TYPE_CHECKING:
    from vqcodec.codebook.library import CodebookEntry
    from vqcodec.video.io.frames import Frame

HEIGHT, WIDTH = 44, 52  # not multiples of a block
FRAMES = 10  # every kind of frame
HUM_SAMPLES = 18_000
LOW_QUALITY = 10.0  # at which speech takes the post-filter, too

_COMPILING = "vqcodec.kernels.compiling"  # the module that numba's work begins with

Step = Callable[[], None]


def compile_kernels(progress: Callable[[float], None] | None = None) -> str:
    """Encode and decode something tiny with every codebook at hand, so that kernels are compiled and cached.

    If all kernels of vqcodec came compiled, only those of registered engines are left.

    Args:
        progress: called with the part of the work that is done, from 0 to 1.

    Returns:
        In a few words which kernels later commands will find.

    Raises:
        OutputError: numba compiles kernels, and they cannot be kept.
    """
    if native.native() is None:
        _where_compiled()
    steps = all_steps(registered_only=native.complete())
    for number, step in enumerate(steps.values(), 1):
        step()
        if progress is not None:
            progress(number / len(steps))
    compiled = f"; {_where_compiled()}" if _COMPILING in sys.modules else ""
    return native.describe() + compiled


def _where_compiled() -> str:
    """Return in a few words where the kernels are that numba compiles; raise OutputError if nowhere."""
    from vqcodec.kernels import keeping

    if reason := keeping.not_kept():
        raise OutputError(f"compiled kernels cannot be kept: {reason}; {REMEDY}")
    assert keeping.FOLDER is not None
    return f"kept in {keeping.FOLDER.path}"


def all_steps(*, registered_only: bool = False) -> dict[str, Step]:
    """Return, by name, the steps that together take every way through the kernels, with every codebook.

    Neighbours share kernels.

    Args:
        registered_only: leave out the codebooks of vqcodec's own engines.
    """
    from vqcodec.codebook.library import list_codebooks

    known = [(engine, entry) for entry in list_codebooks() if (engine := find_engine(entry.engine)) is not None]
    return {
        f"{entry.identity}/{number}": step
        for engine, entry in sorted(known, key=lambda pair: pair[0].warming.order)
        if is_registered(engine) or not registered_only
        for number, step in enumerate(_STEPS[engine.medium](engine, entry))
    }


def _picture_steps(engine: Engine, entry: CodebookEntry) -> Iterator[Step]:
    warming = engine.warming
    for options in warming.options:
        for channels, effort, quality in product((1, 2, 3, 4), warming.efforts, warming.qualities):
            yield partial(_code_picture, engine, entry, channels, (quality, effort), options)
    if warming.further:
        yield partial(_go_further, warming.further, entry)


def _speech_steps(engine: Engine, entry: CodebookEntry) -> Iterator[Step]:
    assert isinstance(engine, SpeechEngine)
    for effort in engine.warming.efforts:
        yield partial(_code_speech, engine, entry, effort)


def _video_steps(engine: Engine, entry: CodebookEntry) -> Iterator[Step]:
    for options in engine.warming.options:
        for effort in engine.warming.efforts:
            yield partial(_code_video, engine, entry, effort, options)
    if engine.warming.further:
        yield partial(_go_further, engine.warming.further, entry)


_STEPS: dict[str, Callable[[Engine, CodebookEntry], Iterator[Step]]] = {
    "image": _picture_steps,
    "speech": _speech_steps,
    "video": _video_steps,
}
"""By medium: what to do with a codebook of an engine to take every way through the kernels."""


def _go_further(reference: str, entry: CodebookEntry) -> None:
    module, name = reference.split(":")
    getattr(import_module(module), name)(entry.load())


def _code_picture(
    engine: Engine, entry: CodebookEntry, channels: int, how: tuple[float, int | None], options: Mapping[str, Any]
) -> None:
    from vqcodec.image.engines import inspect

    codebook, coder = entry.load(), engine.coder
    encoded = coder.encode(texture(channels), codebook, *how, 1, options)
    coder.decode(encoded.header, encoded.packets, codebook, 1)
    coder.count_bits(encoded.header, encoded.packets, codebook)
    inspect(coder, encoded.header, encoded.packets, codebook)


def _code_speech(engine: SpeechEngine, entry: CodebookEntry, effort: int | None) -> None:
    from vqcodec.speech.engines import Settings

    codebook, coder = entry.load(), engine.coder
    quality = LOW_QUALITY if engine.kbps is None else None
    encoded = coder.encode(hum(), codebook, Settings(quality=quality, effort=effort, threads=1))
    packets: list[bytes | None] = [*encoded.packets[:-1], None]
    for kept in (encoded.packets, packets):
        coder.decode(encoded.header, kept, codebook, threads=1)
    coder.count_bits(encoded.header, encoded.packets, codebook)


def _code_video(engine: Engine, entry: CodebookEntry, effort: int | None, options: Mapping[str, Any]) -> None:
    from vqcodec.video.engines import Settings

    codebook, coder = entry.load(), engine.coder
    settings = Settings(quality=50.0, effort=effort or 0, threads=1, options=options)
    coded = coder.encode_group(moving_texture(), codebook, settings)
    for _ in coder.decode_group(coded.packet, WIDTH, HEIGHT, codebook, threads=1):
        pass
    coder.count_bits(coded.packet, WIDTH, HEIGHT, codebook)


def moving_texture() -> list[Frame]:
    """Return a group of frames: a texture that moves over a flat half."""
    from vqcodec.video.io.frames import Frame

    wide = np.concatenate([texture(1), texture(1)[:, ::-1]], axis=1)[:, :, 0]
    shifted = [wide[:, 2 * time : 2 * time + WIDTH] for time in range(FRAMES)]
    return [Frame(np.ascontiguousarray(luma), luma[::2, ::2].copy(), luma[1::2, 1::2].copy()) for luma in shifted]


def hum() -> np.ndarray:
    """Return sound of a little more than a packet, int16 (samples,), at any rate: hum, noise, silence, soft noise."""
    time = np.arange(HUM_SAMPLES)
    noise = np.random.default_rng(1).normal(0, 200, HUM_SAMPLES)
    pause = np.where(time % 8000 < 4000, 0, noise / 80)
    return np.where(time % 4000 < 3000, 3000 * (time % 80 < 4) + noise, pause).astype(np.int16)


def texture(channels: int) -> np.ndarray:
    """Return a picture, uint8 (HEIGHT, WIDTH, channels): a flat half, a slope and noise; alpha is soft."""
    y, x = np.indices((HEIGHT, WIDTH))
    noise = np.random.default_rng(1).integers(0, 80, (HEIGHT, WIDTH))
    plane = np.where(x < WIDTH // 2, 90, 2 * y + noise)
    planes = [plane + 10 * channel for channel in range(channels)]
    if channels in (2, 4):
        planes[-1] = 255 * (x * x + y * y) // (HEIGHT * HEIGHT + WIDTH * WIDTH)
    return np.stack(planes, axis=2).astype(np.uint8)
