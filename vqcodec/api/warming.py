"""Compiling every kernel ahead of time, by doing a little of everything that commands do."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from vqcodec.kernels.second_process import Run, Task, helped

if TYPE_CHECKING:
    from vqcodec.codebook.library import CodebookEntry
    from vqcodec.speech.engines import SpeechEngine
    from vqcodec.video.io.frames import Frame
    from vqcodec.video.mc.model.tables import VideoModel
    from vqcodec.video.mc.parameters import GroupParameters
    from vqcodec.video.mc.structure import Place

PROGRAM = "vqcodec.api.warming"
"""What a second process runs: this module, which then does the steps that it is sent."""

EFFORTS = (0, 5, 9)
OPTIONS: dict[str, tuple[dict[str, Any], ...]] = {
    "image/block": ({},),
    "image/transform": ({}, {"tune": "psnr", "chroma": "420", "alpha_quality": 50.0}),
}
"""By engine, options that between them take every way through the kernels."""

_ORDER = ("video/mc", "image/transform", "image/block", "video/st3d")  # those that share kernels first; then speech

HEIGHT, WIDTH = 44, 52  # no multiples of a block
FRAMES = 10  # every kind of frame
HUM_SAMPLES = 18_000
LOW_QUALITY = 10.0  # at which speech takes the post-filter too


def compile_kernels(progress: Callable[[float], None] | None = None) -> None:
    """Encode and decode something tiny with every codebook at hand, so that kernels are compiled and cached.

    Where there are two processors, a second process does steps from the other end of the list, with the same cache.

    Args:
        progress: called with the part of the work that is done, from 0 to 1.
    """
    steps = all_steps()
    waiting = deque(range(len(steps)))
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done / len(steps))

    def work_off(run: Run) -> None:
        while (number := _taken(waiting.pop)) is not None:
            if not run(str(number)):
                waiting.append(number)
                return
            count()

    with helped(lambda kernel: work_off, PROGRAM) as wait:
        while True:
            while (number := _taken(waiting.popleft)) is not None:
                steps[number]()
                count()
            wait()
            if not waiting:
                return


def _taken(take: Callable[[], int]) -> int | None:
    try:
        return take()
    except IndexError:
        return None


def all_steps() -> list[Callable[[], None]]:
    """What to do to have taken every way through the kernels, with every codebook; neighbours share kernels."""
    from vqcodec.codebook.library import list_codebooks

    def order(entry: CodebookEntry) -> int:
        return _ORDER.index(entry.engine) if entry.engine in _ORDER else len(_ORDER)

    entries = sorted(list_codebooks(), key=order)
    return [step for entry in entries for step in _steps(entry)]


def step_named(name: str) -> Callable[[], None]:
    """The step of that number in `all_steps`, or the one beside a kernel of that name in `BESIDE`."""
    return BESIDE[name] if name in BESIDE else all_steps()[int(name)]


def task_beside(kernel: str) -> Task | None:
    """What to compile, in a second process, beside a kernel that is compiled for a command; None for nothing."""
    if kernel not in BESIDE or "vqcodec.video.mc.engine" not in sys.modules:
        return None
    return lambda run: run(kernel)


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


def _search_predicted() -> None:
    """Search a predicted frame, without the frame on its own that it is predicted from."""
    from vqcodec.video.mc.encoder import FrameCoder
    from vqcodec.video.mc.model.adaptation import Adaptation
    from vqcodec.video.mc.motion.store import FrameStore
    from vqcodec.video.mc.planes import padded_planes

    model, parameters, (first, second), shape = _predicted_frame()
    sources = [padded_planes(frame) for frame in moving_texture()[:2]]
    store = FrameStore(*shape, searching=True)
    store.keep(first, sources[0], None)
    frame = store.open(second, *parameters.steps(second))
    coder = FrameCoder(model, max(EFFORTS), 1.0, threads=1)
    adaptation = Adaptation(model, parameters.step_index)
    coder.search(frame, sources[1], store.phases, second.level, adaptation, second.frame_class - 1, None)


def _decode_predicted() -> None:
    """Decode a predicted frame from zeros, without the frame on its own that it is predicted from."""
    from vqcodec.container.varint import put_varint
    from vqcodec.errors import CorruptFileError
    from vqcodec.video.mc.decoder import GroupDecoder
    from vqcodec.video.mc.model.adaptation import Adaptation
    from vqcodec.video.mc.motion.store import FrameStore
    from vqcodec.video.mc.planes import padded_planes

    model, parameters, (first, second), shape = _predicted_frame()
    packet = parameters.to_bytes() + put_varint(1) + bytes(1 << 12)
    store = FrameStore(*shape)
    store.keep(first, padded_planes(moving_texture()[0]), None)
    decoder = GroupDecoder(packet, HEIGHT, WIDTH, model, threads=1)
    with suppress(CorruptFileError):
        decoder.predicted(second, store, Adaptation(model, parameters.step_index))


def _predicted_frame() -> tuple[VideoModel, GroupParameters, tuple[Place, Place], tuple[int, int]]:
    """The model of the default video codebook, a group of two frames, their places, and their shape in whole units."""
    from vqcodec.codebook.library import list_codebooks
    from vqcodec.video.mc.engine import model_of
    from vqcodec.video.mc.parameters import GroupParameters
    from vqcodec.video.mc.planes import whole_units
    from vqcodec.video.mc.structure import DEFAULT_DISTANCE, coding_order

    entry = next(entry for entry in list_codebooks() if entry.engine == "video/mc")
    first, second = coding_order(2, DEFAULT_DISTANCE)
    shape = whole_units(HEIGHT), whole_units(WIDTH)
    return model_of(entry.load()), GroupParameters(2, 30), (first, second), shape


BESIDE: dict[str, Callable[[], None]] = {
    "search_superblock": _search_predicted,
    "decode_plane": _decode_predicted,
}
"""By kernel of the frame on its own, with which video begins: what compiles the kernels of predicted frames."""


def moving_texture() -> list[Frame]:
    """A group of frames: a texture that moves over a flat half."""
    from vqcodec.video.io.frames import Frame

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


def _serve() -> None:
    """Do the steps that come in, a name a line, and answer each with a line."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what anything else prints is no answer
    for line in sys.stdin:
        step_named(line.strip())()
        print(file=answers, flush=True)


if __name__ == "__main__":
    _serve()
