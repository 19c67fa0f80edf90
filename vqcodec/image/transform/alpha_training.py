"""Training of the chances by which alpha planes are coded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.picture_planes import tile_rectangles
from vqcodec.carriers.carrier import Carrier
from vqcodec.codebook.packing import pack
from vqcodec.image.alpha import encode as exact_alpha
from vqcodec.image.alpha.chances import Chances, Codes, bits_of, decisions_of, fitted
from vqcodec.image.alpha.decisions import ALONE, BESIDE
from vqcodec.image.pixels import Picture
from vqcodec.image.transform.alpha import fitted_to
from vqcodec.media.training import Corpus, Shard

_LOOKED_AT = 64  # pictures, to find out whether chances pay

Samples = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int64]


def fit_alone(corpus: Corpus[Picture], carrier: Carrier, files: float) -> Chances | None:
    """Return chances for the alpha planes of a corpus; None if they do not pay.

    Args:
        corpus: pictures with alpha and without.
        carrier: brings pictures to where they are worked on.
        files: number of files that are going to be coded.
    """
    shards = [shard for shard in corpus.shards(1) if corpus.sizes[shard.first][2] in (2, 4)]  # of one picture each
    if not shards:
        return None
    counts = np.zeros((ALONE, 2), np.int64)
    for of_picture in carrier.map(_counts_alone, shards):
        counts += of_picture
    codes = fitted(counts)
    some = shards[:: -(-len(shards) // _LOOKED_AT)]
    saved = float(np.mean(list(carrier.map(_saved_alone, some, codes)))) * len(shards) / len(corpus)
    return Chances(codes) if _pays(codes, saved * files) else None


def with_beside(chances: Chances, pairs: Sequence[tuple[Any, Any]], carrier: Carrier, worth: float) -> Chances:
    """Return chances with those of planes beside the plane of an item, if these pay.

    Args:
        chances: of planes alone.
        pairs: handles of pictures with alpha, uint8 (height, width, 2 or 4), each with that of the item of which it is
            predicted.
        worth: number of files that are going to be coded, for each picture of the corpus.
    """
    counts = np.zeros((BESIDE, 2), np.int64)
    for of_pair in carrier.map(_counts_beside, pairs):
        counts += of_pair
    codes = fitted(counts)
    saved = sum(carrier.map(_saved_beside, pairs, chances.alone, codes))
    return replace(chances, beside=codes) if _pays(codes, saved * worth) else chances


def _pays(codes: Codes, saved_bits: float) -> bool:
    return saved_bits > 8 * len(pack(codes.tobytes())[1])


def _counted(decisions: npt.NDArray[np.int32], contexts: int) -> Counts:
    return np.bincount(decisions, minlength=2 * contexts).reshape(contexts, 2).astype(np.int64)


def _tiles(shard: Shard[Picture]) -> list[Samples]:
    """Return the alpha of the picture of a shard, by tile."""
    (picture,) = shard
    plane = picture.samples[:, :, -1]
    return [np.ascontiguousarray(tile.of(plane)) for tile in tile_rectangles((plane.shape[0], plane.shape[1]))]


def _counts_alone(shard: Shard[Picture]) -> Counts:
    return sum((_counted(decisions_of(tile), ALONE) for tile in _tiles(shard)), np.zeros((ALONE, 2), np.int64))


def _saved_alone(shard: Shard[Picture], codes: Codes) -> float:
    """Return the bits that the alpha of a picture saves by chances."""
    return sum(max(8 * len(exact_alpha(tile)) - bits_of(decisions_of(tile), codes), 0.0) for tile in _tiles(shard))


def _planes(pair: tuple[Samples, Samples]) -> tuple[Samples, Samples]:
    plane, known = (np.ascontiguousarray(samples[:, :, -1]) for samples in pair)
    return plane, fitted_to(known, plane.shape[0], plane.shape[1])


def _counts_beside(pair: tuple[Samples, Samples]) -> Counts:
    return _counted(decisions_of(*_planes(pair)), BESIDE)


def _saved_beside(pair: tuple[Samples, Samples], alone: Codes, beside: Codes) -> float:
    plane, known = _planes(pair)
    return max(bits_of(decisions_of(plane), alone) - bits_of(decisions_of(plane, known), beside), 0.0)
