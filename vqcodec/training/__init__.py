"""Codebook design: `train_codebook` for a medium and engine; LBG and ECVQ in modules of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["train_codebook"]

if TYPE_CHECKING:
    from vqcodec.training.design import train_codebook


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'vqcodec.training' has no attribute {name!r}")
    from vqcodec.training import design

    return getattr(design, name)
