"""Whether tables of a codebook's own pay, and from how many files on a codebook does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import islice
from typing import Any

import numpy as np

from vqcodec.blocks.model.tables import Model
from vqcodec.codebook.codebook import Codebook
from vqcodec.image.hidden import without_hidden_colours
from vqcodec.image.pixels import Picture
from vqcodec.image.transform.coding import encode_picture
from vqcodec.image.transform.engine import ENGINE, model_of
from vqcodec.image.transform.memory_training.candidates import Samples
from vqcodec.image.transform.memory_training.choosing import PSNR, QUALITY, cost_of
from vqcodec.media.training import Corpus

_EFFORT = 4
_LOOKED_AT = 32  # pictures
_MOST_PIXELS = 1 << 18  # of a picture that is looked at
_MOST_SAVED = 0.2  # by tables of one's own, as a share of what files take
_FEWEST_BYTES = 60_000  # that such tables have been seen to take


class Paying:
    """Finds out whether tables that were fitted to a corpus save more than they take.

    Args:
        corpus: read once.
        parent: the codebook that training starts from.
        files: number of files that are going to be coded.
    """

    def __init__(self, corpus: Corpus[Picture], parent: Codebook, files: int) -> None:
        self._parent = parent
        self._files = files
        stride = -(-len(corpus) // _LOOKED_AT)
        self._some = [_part_of(picture.samples) for picture in islice(corpus, 0, None, stride)]
        self._before = self._cost(model_of(parent))

    def may_pay(self) -> bool:
        """Return whether tables could pay at all."""
        return self._files * self._before / 8 * _MOST_SAVED > _FEWEST_BYTES

    def pays(self, model: Model) -> bool:
        """Return whether the tables of a model do."""
        own = Codebook(ENGINE, "own", model.to_arrays(), {})
        return self._files * (self._before - self._cost(model)) / 8 > len(own.to_bytes(self._parent))

    def _cost(self, model: Model) -> float:
        """Return the mean cost of a picture that is looked at, in bits."""
        return float(np.mean([cost_of(s, encode_picture(s, model, QUALITY, _EFFORT, PSNR)) for s in self._some]))


def _part_of(samples: Samples) -> Samples:
    """Return a picture, or of a large one its middle."""
    side = math.isqrt(_MOST_PIXELS)
    height, width = samples.shape[:2]
    top, left = max(0, height - side) // 2, max(0, width - side) // 2
    return without_hidden_colours(np.ascontiguousarray(samples[top : top + side, left : left + side]))


def with_worth(report: Mapping[str, Any], codebook: Codebook, parent: Codebook | None) -> dict[str, Any]:
    """Return a report on a memory with what the codebook takes, and from how many files on it pays.

    Args:
        report: of `Chooser.run`.
        codebook: as trained; parent: what it was trained from.
    """
    size = len(codebook.to_bytes(parent))
    saved = report["bytes_a_file"] * report["held_out"]["saved_share"]
    return {
        **report,
        "codebook_bytes": size,
        "pays_from_files": math.ceil(size / saved) if saved > 0 else None,
    }
