"""Steps that compile the kernels of predicted frames in a second process, while the first codes the intra frame."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from vqcodec.codebook.library import list_codebooks
from vqcodec.container.varint import put_varint
from vqcodec.errors import CorruptFileError
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc.decoder import GroupDecoder
from vqcodec.video.mc.effort import MAX_EFFORT
from vqcodec.video.mc.encoder import FrameCoder
from vqcodec.video.mc.engine import ENGINE, model_of
from vqcodec.video.mc.model.adaptation import Adaptation
from vqcodec.video.mc.model.tables import VideoModel
from vqcodec.video.mc.motion.store import FrameStore
from vqcodec.video.mc.parameters import GroupParameters
from vqcodec.video.mc.planes import padded_planes, whole_units
from vqcodec.video.mc.structure import DEFAULT_DISTANCE, Place, coding_order

HEIGHT, WIDTH = 44, 52  # not multiples of a block


def search_predicted() -> None:
    """Search a predicted frame, without searching the intra frame from which it is predicted."""
    model, parameters, (first, second), shape = _predicted_frame()
    sources = [padded_planes(frame) for frame in _frames()]
    store = FrameStore(*shape, searching=True)
    store.keep(first, sources[0], None)
    frame = store.open(second, *parameters.steps(second))
    coder = FrameCoder(model, MAX_EFFORT, 1.0, threads=1)
    adaptation = Adaptation(model, parameters.step_index)
    coder.search(frame, sources[1], store.phases, second.level, adaptation, second.frame_class - 1, None)


def decode_predicted() -> None:
    """Decode a predicted frame from zeros, without decoding the intra frame from which it is predicted."""
    model, parameters, (first, second), shape = _predicted_frame()
    packet = parameters.to_bytes() + put_varint(1) + bytes(1 << 12)
    store = FrameStore(*shape)
    store.keep(first, padded_planes(_frames()[0]), None)
    decoder = GroupDecoder(packet, HEIGHT, WIDTH, model, threads=1)
    with suppress(CorruptFileError):
        decoder.predicted(second, store, Adaptation(model, parameters.step_index))


def _predicted_frame() -> tuple[VideoModel, GroupParameters, tuple[Place, Place], tuple[int, int]]:
    """Return the model of the default codebook, a group of two frames, their places, and their shape in whole units."""
    entry = next(entry for entry in list_codebooks() if entry.engine == ENGINE)
    first, second = coding_order(2, DEFAULT_DISTANCE)
    shape = whole_units(HEIGHT), whole_units(WIDTH)
    return model_of(entry.load()), GroupParameters(2, 30), (first, second), shape


def _frames() -> list[Frame]:
    """Return two frames of noise, the second moved by two samples."""
    wide = np.random.default_rng(1).integers(0, 200, (HEIGHT, WIDTH + 2)).astype(np.uint8)
    shifted = [np.ascontiguousarray(wide[:, start : start + WIDTH]) for start in (0, 2)]
    return [Frame(luma, luma[::2, ::2].copy(), luma[1::2, 1::2].copy()) for luma in shifted]
