"""Codebooks of the textbook speech coders that take no training."""

from __future__ import annotations

from functools import cache

import numpy as np

from vqcodec.codebook.codebook import Codebook
from vqcodec.speech.textbook.celp import codebook as celp_codebook
from vqcodec.speech.textbook.celp.frame import LSF_BITS
from vqcodec.speech.textbook.celp.synthesis import SEQUENCE
from vqcodec.speech.textbook.ld_celp import codebook as ld_codebook


@cache
def untrained_celp(post_filter: int = 3) -> Codebook:
    """Evenly spread levels and gains, and a random sequence."""
    lsf = np.zeros((10, 16), np.int64)
    for i, bits in enumerate(LSF_BITS):
        lsf[i, : 1 << bits] = np.linspace(800 + 2700 * i, 4800 + 2800 * i, 1 << bits)
    noise = np.random.default_rng(1).standard_normal(SEQUENCE)
    tables = celp_codebook.make_tables(
        lsf=lsf,
        gap=300,
        sequence=np.where(np.abs(noise) > 1.2, np.sign(noise), 0.0),
        adaptive_gains=np.linspace(-0.4, 1.4, 32),
        magnitudes=0.05 * 1.3 ** np.arange(16),
        levels=celp_codebook.standard_levels(),
        post_filter=post_filter,
    )
    return celp_codebook.to_codebook(tables, "untrained-celp", {})


@cache
def untrained_ld() -> Codebook:
    """Random shapes."""
    shapes = np.random.default_rng(2).standard_normal((128, 5))
    return ld_codebook.to_codebook(shapes, 0.5 * 1.75 ** np.arange(4), "untrained-ld", {})
