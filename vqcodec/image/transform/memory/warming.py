"""Pictures that take rarer ways, so that their kernels are compiled: coded from a memory, and with copies."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.training.memory_training import initial_changes, with_memory
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.memory import Memory
from vqcodec.image.alpha.chances import Chances, fitted
from vqcodec.image.alpha.decisions import ALONE, BESIDE
from vqcodec.image.transform import engine
from vqcodec.image.transform.memory.items import code_item

_SIDE = 40
_REPEATS = 9  # of a pattern of 8x8 samples, in rows and columns, which is copied
_EFFORT = 4


def take_rarer_ways(codebook: Codebook) -> None:
    """Code small pictures in all ways that not every picture takes.

    Args:
        codebook: one of the engine, without a memory.
    """
    code_from_memory(codebook)
    pattern = np.repeat(np.arange(32, dtype=np.uint8).reshape(8, 4, 1) * 5, 2, axis=1)
    samples = np.tile(pattern, (_REPEATS, _REPEATS, 1))
    coded = engine.encode(samples, codebook, 50.0, _EFFORT, 1, {"tune": "psnr"})
    engine.decode(coded.header, coded.packets, codebook, 1)


def code_from_memory(codebook: Codebook) -> None:
    """Code a small picture with a memory of itself, and its alpha there and back.

    Args:
        codebook: one of the engine, without a memory.
    """
    y, x = np.mgrid[:_SIDE, :_SIDE]
    samples = np.stack([4 * y, 5 * x, y * x // 8, np.where(x < y, 0, 6 * y)], axis=2).astype(np.uint8)
    plain = engine.model_of(codebook)
    model = with_memory(plain, initial_changes(plain))
    chances = Chances(*(fitted(np.zeros((contexts, 2), np.int64)) for contexts in (ALONE, BESIDE)))
    memory = Memory([code_item(samples, model, 80.0, _EFFORT, 1, chances)])
    own = Codebook(codebook.engine, "memory", model.to_arrays() | chances.to_arrays() | memory.to_arrays(), {})
    engine.encode(samples, own, 50.0, _EFFORT, 1, {"tune": "psnr"})
    plane = np.ascontiguousarray(samples[:, :, -1])
    for known in (None, plane):
        chances.decode(chances.encode(plane, known), _SIDE, _SIDE, known)
