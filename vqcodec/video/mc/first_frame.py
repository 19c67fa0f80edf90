"""Encoding of a group's intra frame by the picture coder, with copies, palettes and mixed chances where that pays."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.search.encoder import SearchedPlane, pack_tile, search_tile
from vqcodec.blocks.steps import LAMBDA_FACTOR, STEP_SIZES
from vqcodec.video.mc.layout import Sources
from vqcodec.video.mc.lookahead.starts import repeats
from vqcodec.video.mc.parameters import COPYING_FLAG, MIXED_FLAG, PALETTES_FLAG

_MOST_SIDE = 4095  # samples; a displacement can be no longer


class CodedFirst(NamedTuple):
    """An intra frame, coded.

    Attributes:
        payload, searched, bits: its bytes, its planes and its bits by part.
        copying: whether blocks may be copied in it, and have palettes.
        mixed: whether its flags are coded by mixed chances.
        saved: part of the bytes without these that they save; 0 if there are none.
    """

    payload: bytes
    searched: list[SearchedPlane]
    bits: dict[str, int]
    copying: bool
    mixed: bool
    saved: float = 0.0

    @property
    def flags(self) -> int:
        """What the byte of flags says of it."""
        return (COPYING_FLAG | PALETTES_FLAG) * self.copying | MIXED_FLAG * self.mixed


def code_first(
    sources: Sources,
    luma: npt.NDArray[np.uint8] | None,
    model: Model,
    parameters: CodingParameters,
    pool: ThreadPoolExecutor | None,
    scratches: Sequence[np.record],
) -> CodedFirst:
    """Code an intra frame; if much of it repeats, with and without copies and palettes, and keep what costs less.

    Args:
        sources: the planes to code; luma: of the frame as it came, to see what repeats; None for no copies.
        model: of pictures.
        pool, scratches: as for `search_tile`.
    """

    def coded(copying: bool) -> CodedFirst:
        chosen = replace(parameters, copying=copying, palettes=copying)
        searched = search_tile(sources, model, chosen, pool, scratches)
        return min(
            (_packed(searched, model, replace(chosen, mixed=mixed)) for mixed in (False, True)),
            key=lambda one: len(one.payload),
        )

    plain = coded(False)
    if luma is None or max(luma.shape) > _MOST_SIDE or not repeats(luma):
        return plain
    lambda_ = LAMBDA_FACTOR * parameters.lambda_scale * float(STEP_SIZES[parameters.step_index]) ** 2
    best = min(plain, coded(True), key=lambda one: _cost(one, lambda_))
    return best._replace(saved=1 - len(best.payload) / max(len(plain.payload), 1))


def _packed(searched: list[SearchedPlane], model: Model, parameters: CodingParameters) -> CodedFirst:
    payload, bits = pack_tile(searched, model, parameters)
    return CodedFirst(payload, searched, bits, parameters.copying, parameters.mixed)


def _cost(coded: CodedFirst, lambda_: float) -> float:
    """Return squared error in samples + `lambda_` * bits."""
    error = sum(float(np.sum((one.source.astype(np.float32) - one.plane.samples) ** 2)) for one in coded.searched)
    return error / 256 + lambda_ * 8 * len(coded.payload)
