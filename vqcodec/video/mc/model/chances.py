"""What trained code lengths say of the bits of symbols in predicted frames, for chances that are mixed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.model.tables import NO_CHANCES
from vqcodec.blocks.syntax.flag_contexts import FLAG_BITS
from vqcodec.entropy.mixing import prior_chances
from vqcodec.video.mc.contexts import NODE_BITS, SHAPE_BITS, VECTOR_BITS
from vqcodec.video.mc.model.tables import VideoModel


class FrameChances(NamedTuple):
    """Prior chances of a class of frames on a rung: int32 (contexts, nodes), see `mixing.prior_chances`."""

    nodes: npt.NDArray[np.int32]
    shapes: npt.NDArray[np.int32]
    vectors: npt.NDArray[np.int32]
    masks: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]


NO_FRAME_CHANCES = FrameChances(NO_CHANCES, NO_CHANCES, NO_CHANCES, (NO_CHANCES, NO_CHANCES))


def frame_chances(model: VideoModel, frame_class: int, rung: int) -> FrameChances:
    """Return the prior chances of a class of frames; they are those of its tables before any frame."""

    def of(pool: str, bits: int) -> npt.NDArray[np.int32]:
        return prior_chances(np.ascontiguousarray(model.prior(pool, frame_class, rung)), bits)

    masks = of("luma_masks", FLAG_BITS), of("chroma_masks", FLAG_BITS)
    return FrameChances(of("nodes", NODE_BITS), of("shapes", SHAPE_BITS), of("vectors", VECTOR_BITS), masks)
