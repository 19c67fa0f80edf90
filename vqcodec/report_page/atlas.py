"""Atlases of codebooks: what their codewords, transforms and memories look like."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vqcodec.codebook.codebook import Codebook
from vqcodec.image import colour
from vqcodec.report_page.tiles import Figure, curves, overlaid, sheet, signed_tiles

_MOST_TILES = 1024
_MOST_CURVES = 96
_MOST_ITEMS = 64
_ITEM_SIDE = 96  # pixels of an item of a memory, as it is shown
_VECTORS = 16  # of a transform of 64 that are shown
_ENVELOPE_POINTS = 129
_LSF_UNIT = np.pi / (1 << 15)


@dataclass(frozen=True)
class HeldArray:
    """An array of a codebook, in words."""

    name: str
    shape: str
    type: str
    bytes: str


@dataclass(frozen=True)
class Atlas:
    """What a page shows of a codebook. `facts` are pairs of a name and a value."""

    anchor: str
    name: str
    facts: Sequence[tuple[str, str]]
    figures: Sequence[Figure]
    arrays: Sequence[HeldArray]


def atlas_of(codebook: Codebook, anchor: str) -> Atlas:
    """Return the atlas of a codebook; of an engine that is not known here it has no figures.

    Raises:
        CodebookError: an item of its memory is damaged.
    """
    figures = [figure for engine, make in _FIGURES.items() if codebook.engine == engine for figure in make(codebook)]
    arrays = [
        HeldArray(name, " × ".join(map(str, array.shape)), str(array.dtype), f"{array.nbytes:,}")
        for name, array in codebook.arrays.items()
    ]
    facts = [
        ("Engine", codebook.engine),
        ("Identity", codebook.digest.hex()[:16]),
        ("Arrays", f"{sum(array.nbytes for array in codebook.arrays.values()):,} bytes"),
    ]
    return Atlas(anchor, codebook.name, facts, figures, arrays)


def _of_block(codebook: Codebook) -> Iterator[Figure]:
    """Give the codewords of each layer."""
    from vqcodec.image.block.layers import LAYER_NAMES, layers_of

    names = LAYER_NAMES[int(codebook.arrays["layout"][0])]
    for name, layer in zip(names, layers_of(codebook)):
        words = layer.quantizer.codewords[:_MOST_TILES]
        planes = words.reshape(len(words), len(layer.planes), layer.side, layer.side)
        if layer.planes == (0,):
            tiles = planes[:, 0, :, :, None]
        else:
            grey = np.full_like(planes[:, :1], 128)
            whole = planes if len(layer.planes) == 3 else np.concatenate([grey, planes], axis=1)
            flat = [np.ascontiguousarray(whole[:, plane].reshape(-1, layer.side)) for plane in range(3)]
            tiles = colour.to_rgb(*flat).reshape(len(words), layer.side, layer.side, 3)
        columns = 32 if len(words) > 256 else 16
        said = "" if len(words) == layer.quantizer.size else f" The first {len(words)} of {layer.quantizer.size}."
        yield sheet(
            f"Codewords of {name}",
            f"{len(words)} codewords of {layer.side}×{layer.side} samples, in the order of their numbers.{said}",
            np.ascontiguousarray(tiles),
            columns,
            max(1, 320 // (columns * (layer.side + 1))),
        )


def _cosines(side: int) -> NDArray[np.float64]:
    """Return the basis of the DCT, float (side, side), a frequency a row."""
    place, frequency = np.arange(side), np.arange(side)[:, None]
    basis = np.sqrt(2 / side) * np.cos(np.pi * (2 * place + 1) * frequency / (2 * side))
    basis[0] /= np.sqrt(2)
    return basis


def _of_transforms(codebook: Codebook, prefix: str = "") -> Iterator[Figure]:
    """Give the trained transforms: which pattern of samples each of their coefficients stands for."""
    rows = "a row for each transform of each group of intra modes (planar, DC, then angles up to the diagonal)"
    for name, side, words in (("small_transforms", 4, "4×4"), ("large_transforms", 8, "8×8")):
        stored = codebook.arrays.get(prefix + name)
        if stored is None or not stored.size:
            continue
        bases = (stored[0] if name == "large_transforms" else stored).astype(np.float64)
        groups, alternatives, count = bases.shape[:3]
        shown = min(count, _VECTORS)
        vectors = bases[:, :, :shown].reshape(-1, side, side)
        cosines = _cosines(side)
        yield sheet(
            f"Transforms of {words} blocks",
            f"The first {shown} of {count} coefficients: {rows}; {alternatives} transforms a group, {groups} groups.",
            signed_tiles(cosines.T @ vectors @ cosines),
            shown,
            max(1, 320 // (shown * (side + 1))),
        )


def _thumbnail(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture, uint8 (height, width, 1 or 3), within a square in RGB."""
    image = Image.fromarray(samples[:, :, 0] if samples.shape[2] == 1 else samples).convert("RGB")
    image.thumbnail((_ITEM_SIDE, _ITEM_SIDE))
    square = np.full((_ITEM_SIDE, _ITEM_SIDE, 3), 255, dtype=np.uint8)
    square[: image.height, : image.width] = np.asarray(image)
    return square


def _memory_sheet(items: int, tiles: Sequence[NDArray[np.uint8]]) -> Figure:
    said = f"{items} items" if items == len(tiles) else f"The first {len(tiles)} of {items} items"
    return sheet("Memory", f"{said}, from which pictures are predicted.", np.stack(tiles), 6)


def _of_pictures(codebook: Codebook) -> Iterator[Figure]:
    """Give the items of the memory and the transforms of a picture codebook."""
    from vqcodec.image.transform.engine import memory_of
    from vqcodec.image.transform.planes import samples_of

    store = memory_of(codebook)
    if store is not None:
        tiles = []
        for number in range(min(len(store), _MOST_ITEMS)):
            planes = [
                np.ascontiguousarray(plane)
                for plane in store[number].planes_for("grey" if len(store[number].planes) == 1 else "444")
            ]
            decoded = samples_of(planes)
            if decoded.dtype != np.uint8:
                decoded = ((decoded + 8) >> 4).astype(np.uint8)
            tiles.append(_thumbnail(decoded))
        yield _memory_sheet(len(store), tiles)
    yield from _of_transforms(codebook)


def _of_video(codebook: Codebook) -> Iterator[Figure]:
    """Give the transforms of a video codebook, which are those of its first frames."""
    yield from _of_transforms(codebook, "intra_")


def _envelopes(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return spectral envelopes in dB, float (vectors, points from 0 to pi), of LSF vectors in radians.

    The squared magnitude of the predictor is that of the sum of the symmetric and the antisymmetric polynomial, whose
    roots the LSFs are (Itakura 1975).
    """
    angles = np.linspace(0, np.pi, _ENVELOPE_POINTS)
    order = vectors.shape[1]
    difference = 2 * np.cos(angles)[None, :, None] - 2 * np.cos(vectors)[:, None, :]
    even = np.prod(difference[:, :, 0::2], axis=2) ** 2 * 4 * np.cos(angles / 2) ** 2
    odd = np.prod(difference[:, :, 1::2], axis=2) ** 2 * 4 * np.sin(angles / 2) ** 2
    if order % 2:
        raise ValueError(f"{order} frequencies; an even number is needed")
    return -10 * np.log10(np.maximum((even + odd) / 4, 1e-9))


def _of_celp(codebook: Codebook) -> Iterator[Figure]:
    """Give the envelopes of the first stage of the LSF quantizer, and the shapes of the excitation."""
    arrays = codebook.arrays
    words, offsets = arrays["lsf0/codewords"].astype(np.float64), arrays["lsf0/offsets"].astype(np.float64)
    start, predictors = arrays["lsf0/start"].astype(np.float64), arrays["lsf0/predictors"] / (1 << 13)
    classes, stages, entries, _ = words.shape
    found = []
    for number in range(classes):
        predicted = offsets[number] + predictors[number] @ start
        found.append(np.sort(predicted + words[number, 0], axis=1))
    vectors = np.clip(np.concatenate(found) * _LSF_UNIT, 0.01, np.pi - 0.01)
    yield overlaid(
        "Spectral envelopes",
        f"The {classes} × {entries} codewords of the first of {stages} stages of the LSF quantizer, at the start of a "
        "group: -20 to 50 dB, from 0 Hz to half the sampling rate.",
        _envelopes(vectors),
        -20,
        50,
    )
    for book in (0, 1):
        shapes = arrays.get(f"set0/shapes{book}")
        if shapes is not None:
            shown = shapes[:_MOST_CURVES].astype(np.float64)
            yield curves(
                f"Excitation, book {book + 1}",
                f"{len(shown)} of {len(shapes)} shapes of {shapes.shape[1]} samples, of the set of the lowest rates.",
                shown,
                8,
            )


def _of_low_delay(codebook: Codebook) -> Iterator[Figure]:
    """Give the shapes of the excitation."""
    shapes = codebook.arrays["shapes"].astype(np.float64)
    yield curves("Excitation", f"{len(shapes)} shapes of {shapes.shape[1]} samples.", shapes[:_MOST_CURVES], 8)


_FIGURES: Mapping[str, Callable[[Codebook], Iterator[Figure]]] = {
    "image/block": _of_block,
    "image/transform": _of_pictures,
    "video/mc": _of_video,
    "speech/celp-nb": _of_celp,
    "speech/celp-wb": _of_celp,
    "speech/ld-celp": _of_low_delay,
}
"""By engine: what gives the figures of a codebook."""
