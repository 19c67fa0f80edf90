"""Codebook design: the training methods, and what they are made of.

`design` runs any of them and returns a `DesignResult`. Both are loaded when they are first used, since training brings
numba with it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_HOME = {
    "DesignResult": "vqcodec.vq.design.result",
    "design": "vqcodec.vq.design.methods",
}

__all__ = [*_HOME]

if TYPE_CHECKING:
    from vqcodec.vq.design.methods import design as design
    from vqcodec.vq.design.result import DesignResult as DesignResult


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'vqcodec.vq.design' has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
