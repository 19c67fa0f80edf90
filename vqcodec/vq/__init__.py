"""Vector quantization: quantizers, exact searches, and the design of codebooks (`vqcodec.vq.design`).

The public names are loaded when they are first used, since searches bring numba with them:

- `Quantizer`: what every codebook structure can do;
- `FlatQuantizer`: codewords without structure;
- `TreeQuantizer`, `MultistageQuantizer`, `ProductQuantizer`, `GainShapeQuantizer`, `MeanRemovedQuantizer`,
  `ClassifiedQuantizer`, `FiniteStateQuantizer`, `PredictiveQuantizer`, `LatticeQuantizer`: the structures
  (`vqcodec.vq.structures`);
- `design_structure`: designs any of them;
- `SearchIndex` and `nearest`: the nearest codewords by squared error;
- `nearest_weighted`: by squared error with weights of each vector's own;
- `nearest_mahalanobis`: by a Mahalanobis distance.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_HOME = {
    "ClassifiedQuantizer": "vqcodec.vq.structures.classified",
    "FiniteStateQuantizer": "vqcodec.vq.structures.finite_state",
    "FlatQuantizer": "vqcodec.vq.flat",
    "GainShapeQuantizer": "vqcodec.vq.structures.gain_shape",
    "LatticeQuantizer": "vqcodec.vq.structures.lattice",
    "MeanRemovedQuantizer": "vqcodec.vq.structures.mean_removed",
    "MultistageQuantizer": "vqcodec.vq.structures.multistage",
    "PredictiveQuantizer": "vqcodec.vq.structures.predictive",
    "ProductQuantizer": "vqcodec.vq.structures.product",
    "Quantizer": "vqcodec.vq.quantizer",
    "SearchIndex": "vqcodec.vq.search",
    "TreeQuantizer": "vqcodec.vq.structures.tree",
    "design_structure": "vqcodec.vq.structures.design",
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
    from vqcodec.vq.structures.classified import ClassifiedQuantizer as ClassifiedQuantizer
    from vqcodec.vq.structures.design import design_structure as design_structure
    from vqcodec.vq.structures.finite_state import FiniteStateQuantizer as FiniteStateQuantizer
    from vqcodec.vq.structures.gain_shape import GainShapeQuantizer as GainShapeQuantizer
    from vqcodec.vq.structures.lattice import LatticeQuantizer as LatticeQuantizer
    from vqcodec.vq.structures.mean_removed import MeanRemovedQuantizer as MeanRemovedQuantizer
    from vqcodec.vq.structures.multistage import MultistageQuantizer as MultistageQuantizer
    from vqcodec.vq.structures.predictive import PredictiveQuantizer as PredictiveQuantizer
    from vqcodec.vq.structures.product import ProductQuantizer as ProductQuantizer
    from vqcodec.vq.structures.tree import TreeQuantizer as TreeQuantizer


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'vqcodec.vq' has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
