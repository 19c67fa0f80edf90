"""A video engine for tests that stores the planes, coarser the lower the quality; and small videos to try it on."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np

from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CodebookError, CorruptFileError
from vqcodec.media.engine import Engine
from vqcodec.media.options import ChoiceOption
from vqcodec.media.registry import engines, register_engine, unregister_engine
from vqcodec.video.engines import CodedFrame, CodedGroup, Settings
from vqcodec.video.io.frames import Frame, chroma_size

ENGINE = "video/stored"
STORED = Engine(
    name=ENGINE,
    summary="video: planes as they are, quantized",
    coder_reference=__name__,
    encode_options=(ChoiceOption("distance", "Has no effect.", 8, choices=(1, 2, 4, 8, 16)),),
)
CODEBOOK = Codebook(ENGINE, "stored", {"none": np.zeros(1, np.uint8)}, {})
DELAY_S = 0.0  # that a frame takes, for tests of interruption


@contextmanager
def registered() -> Iterator[None]:
    """While the block runs, the engine is registered."""
    if STORED in engines():
        yield
        return
    register_engine(STORED)
    try:
        yield
    finally:
        unregister_engine(ENGINE)


def group_length(width: int, height: int, wanted: int | None, options: Mapping[str, object]) -> int:
    del width, height
    STORED.check_encode_options(options)
    return wanted or 8


def encode_group(
    frames: Sequence[Frame],
    codebook: Codebook,
    settings: Settings,
    progress: Callable[[int], None] | None = None,
) -> CodedGroup:
    if codebook.engine != ENGINE:
        raise CodebookError(f"codebook {codebook.name} is not for {ENGINE}")
    step = 2 ** ((100 - settings.quality) / 16)
    packets, shown, coded = [], [], []
    for number, frame in enumerate(frames):
        time.sleep(DELAY_S)
        planes = [np.rint(plane / step).astype(np.uint8) for plane in frame]
        stored = zlib.compress(b"".join(plane.tobytes() for plane in planes), 9)
        packets.append(len(stored).to_bytes(4, "little") + stored)
        shown.append(Frame(*(_restored(plane, step) for plane in planes)))
        coded.append(CodedFrame("I" if number == 0 else "P", {"samples": 8 * len(packets[-1])}))
        if progress is not None:
            progress(number + 1)
    head = len(frames).to_bytes(4, "little") + np.float64(step).tobytes()
    coded[0] = CodedFrame("I", {"head": 8 * len(head), **coded[0].bits})
    return CodedGroup(head + b"".join(packets), coded, shown)


def frame_count(packet: bytes) -> int:
    if len(packet) < 12:
        raise CorruptFileError("the group is cut off")
    return int.from_bytes(packet[:4], "little")


def decode_group(
    packet: bytes, width: int, height: int, codebook: Codebook, threads: int | None = None
) -> Iterator[Frame]:
    del codebook, threads
    step = float(np.frombuffer(packet[4:12], np.float64)[0])
    half = (chroma_size(height), chroma_size(width))
    for stored in _stored(packet):
        samples = np.frombuffer(stored, np.uint8)
        luma, blue, red = np.split(samples, [height * width, height * width + half[0] * half[1]])
        planes = (luma.reshape(height, width), blue.reshape(half), red.reshape(half))
        yield Frame(*(_restored(plane, step) for plane in planes))


def count_bits(packet: bytes, width: int, height: int, codebook: Codebook) -> Sequence[CodedFrame]:
    del width, height, codebook
    sizes = _sizes(packet)
    frames = [CodedFrame("P", {"samples": 8 * (4 + size)}) for size in sizes]
    frames[0] = CodedFrame("I", {"head": 8 * 12, **frames[0].bits})
    return frames


def moving_frames(count: int, width: int = 48, height: int = 32, seed: int = 0) -> list[Frame]:
    """A texture that moves by a sample or two a frame."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((height + count, width + 2 * count))
    wave = 90 + 50 * np.sin(columns / 5 + seed) + 40 * np.cos(rows / 4 - seed) + rng.normal(0, 4, rows.shape)
    texture = np.clip(wave, 0, 255).astype(np.uint8)
    return [_frame(texture[n : n + height, 2 * n : 2 * n + width]) for n in range(count)]


def _frame(luma: np.ndarray) -> Frame:
    small = luma[::2, ::2]
    return Frame(np.ascontiguousarray(luma), np.ascontiguousarray(small // 2 + 60), np.ascontiguousarray(255 - small))


def _restored(plane: np.ndarray, step: float) -> np.ndarray:
    return np.clip(np.rint(plane * step), 0, 255).astype(np.uint8)


def _sizes(packet: bytes) -> list[int]:
    return [len(stored) for stored in _packed(packet)]


def _stored(packet: bytes) -> Iterator[bytes]:
    for packed in _packed(packet):
        try:
            yield zlib.decompress(packed)
        except zlib.error:
            raise CorruptFileError("a frame is damaged") from None


def _packed(packet: bytes) -> Iterator[bytes]:
    position = 12
    for _ in range(frame_count(packet)):
        size = int.from_bytes(packet[position : position + 4], "little")
        yield packet[position + 4 : position + 4 + size]
        position += 4 + size
