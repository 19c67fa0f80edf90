"""Vector quantization: quantizers, exact searches, and the design of codebooks (`vqcodec.vq.design`).

The public names are loaded when they are first used, since searches bring numba with them:

- `Quantizer`: what every codebook structure can do;
- `FlatQuantizer`: codewords without structure;
- `SearchIndex` and `nearest`: the nearest codewords by squared error;
- `nearest_weighted`: by squared error with weights of each vector's own;
- `nearest_mahalanobis`: by a Mahalanobis distance.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_HOME = {
    "FlatQuantizer": "vqcodec.vq.flat",
    "Quantizer": "vqcodec.vq.quantizer",
    "SearchIndex": "vqcodec.vq.search",
    "nearest": "vqcodec.vq.search",
    "nearest_mahalanobis": "vqcodec.vq.search",
    "nearest_weighted": "vqcodec.vq.search",
}

__all__ = [*_HOME]

if TYPE_CHECKING:
    from vqcodec.vq.flat import FlatQuantizer as FlatQuantizer
    from vqcodec.vq.quantizer import Quantizer as Quantizer
    from vqcodec.vq.search import SearchIndex as SearchIndex
    from vqcodec.vq.search import nearest as nearest
    from vqcodec.vq.search import nearest_mahalanobis as nearest_mahalanobis
    from vqcodec.vq.search import nearest_weighted as nearest_weighted


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'vqcodec.vq' has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
