"""Codebook design: the training methods, and what they are made of.

- `design` runs any of them on a training sequence and returns a `DesignResult`.
- `CompetitiveLearning`, `MiniBatch`, `NeuralGas` and `SelfOrganizingMap` learn from vectors as they come
  (`partial_fit`).

All are loaded when they are first used, since training brings numba with it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_HOME = {
    "CompetitiveLearning": "vqcodec.vq.design.competitive",
    "DesignResult": "vqcodec.vq.design.result",
    "MiniBatch": "vqcodec.vq.design.competitive",
    "NeuralGas": "vqcodec.vq.design.neural_gas",
    "SelfOrganizingMap": "vqcodec.vq.design.som",
    "design": "vqcodec.vq.design.methods",
}

__all__ = [*_HOME]

if TYPE_CHECKING:
    from vqcodec.vq.design.competitive import CompetitiveLearning as CompetitiveLearning
    from vqcodec.vq.design.competitive import MiniBatch as MiniBatch
    from vqcodec.vq.design.methods import design as design
    from vqcodec.vq.design.neural_gas import NeuralGas as NeuralGas
    from vqcodec.vq.design.result import DesignResult as DesignResult
    from vqcodec.vq.design.som import SelfOrganizingMap as SelfOrganizingMap


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'vqcodec.vq.design' has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
