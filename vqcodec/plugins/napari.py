"""A reader for napari: `.vqc` pictures and clips as image layers. napari finds it by the manifest beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from vqcodec.container import is_media
from vqcodec.plugins.webdataset import decoder

Layer = tuple[Any, dict[str, Any], str]


def get_reader(path: str | Sequence[str]) -> Callable[[str | Sequence[str]], list[Layer]] | None:
    """Return what reads a file or several; None if it is not for vqcodec."""
    paths = [path] if isinstance(path, str) else list(path)
    return read_layers if paths and all(_is_ours(one) for one in paths) else None


def read_layers(path: str | Sequence[str]) -> list[Layer]:
    """Return an image layer for each file.

    Raises:
        UnsupportedError: a file holds speech.
    """
    layers: list[Layer] = []
    for one in [path] if isinstance(path, str) else path:
        samples = decoder(one, Path(one).read_bytes())
        colour = samples.ndim >= 3 and samples.shape[-1] in (3, 4)
        layers.append((samples, {"name": Path(one).stem, "rgb": colour}, "image"))
    return layers


def _is_ours(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return path.endswith(".vqc") and is_media(file.read(16))
    except OSError:
        return False
