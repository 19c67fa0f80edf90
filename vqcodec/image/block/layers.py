"""The layers of a block VQ codebook, and how a picture becomes the vectors of each layer and back.

A layer is a set of planes coded jointly. The vector of a block holds its samples of the first plane row by row, then
its samples of the next plane. A grey codebook has one layer. A 4:2:0 one has a luma layer, and a chroma layer of both
chroma planes. A joint one has a single layer of all three planes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from vqcodec import limits
from vqcodec.codebook.codebook import Codebook
from vqcodec.entropy.tables import TableSet
from vqcodec.errors import CodebookError, LimitError, UsageError
from vqcodec.image import colour
from vqcodec.image.block.structures import StructuredCodewords, structured_codewords
from vqcodec.vq.flat import FlatQuantizer

ENGINE = "image/block"
LAYOUTS = {"grey": 0, "420": 1, "joint": 2}
"""Plane layouts by name: grey only; luma, and chroma at half size; luma and chroma in one vector."""

LAYER_NAMES = {0: ("luma",), 1: ("luma", "chroma"), 2: ("joint",)}
"""Names of the layers of each layout, in their order."""

RUN_SYMBOLS = 18
"""Alphabet of run lengths: 0 to 7, eight exponential classes of 8, 16 .. 1024 and more, and `to the end of the row`."""


class Contexts(NamedTuple):
    """What chooses the code of an index, for kernels.

    Attributes:
        left_class, up_class: int32 (K,), the class of a codeword as left and as upper neighbour.
        classes: number of classes.
        first: the index assumed outside the picture.
    """

    left_class: np.ndarray
    up_class: np.ndarray
    classes: int
    first: int


@dataclass(frozen=True)
class Layer:
    """One vector quantizer and the entropy code of its indices.

    Attributes:
        quantizer: K codewords, uint8 (K, planes * side * side).
        side: samples along one side of a block.
        subsampling: 1, or 2 for planes of half size.
        planes: numbers of the planes coded jointly (0 luma, 1 Cb, 2 Cr).
        left_class, up_class: uint8 (K,), the class of a codeword as left and as upper neighbour.
        classes: number of classes; the context of an index is left_class * classes + up_class.
        index_lengths: uint8 (classes * classes, K), code lengths of the indices in each context.
        run_lengths: uint8 (classes, RUN_SYMBOLS), code lengths of run symbols by class of the index repeated.
        first: the index assumed outside the picture.
        structure: what the codewords come from; None if they are stored as they are.
    """

    quantizer: FlatQuantizer
    side: int
    subsampling: int
    planes: tuple[int, ...]
    left_class: np.ndarray
    up_class: np.ndarray
    classes: int
    index_lengths: np.ndarray
    run_lengths: np.ndarray
    first: int
    structure: StructuredCodewords | None = None

    @cached_property
    def contexts(self) -> Contexts:
        """What chooses the code of an index."""
        left, up = self.left_class.astype(np.int32), self.up_class.astype(np.int32)
        return Contexts(left, up, self.classes, self.first)

    @cached_property
    def index_tables(self) -> TableSet:
        """Codes of the indices."""
        return TableSet(self.index_lengths)

    @cached_property
    def run_tables(self) -> TableSet:
        """Codes of the run lengths."""
        return TableSet(self.run_lengths)

    def grid(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of blocks that cover a picture of `height` x `width` pixels."""
        span = self.side * self.subsampling
        return -(-height // span), -(-width // span)


def layers_of(codebook: Codebook) -> list[Layer]:
    """The layers of a block codebook, checked.

    Raises:
        CodebookError: the codebook is for another engine, or its arrays do not fit together.
    """
    codebook.require_engine(ENGINE)
    try:
        layout = _number(codebook.arrays, "layout", np.uint8)
        side = _number(codebook.arrays, "side", np.uint8)
        if layout == LAYOUTS["grey"]:
            return [_layer(codebook, "luma", side, 1, (0,))]
        if layout == LAYOUTS["420"]:
            return [_layer(codebook, "luma", side, 1, (0,)), _layer(codebook, "chroma", side, 2, (1, 2))]
        if layout == LAYOUTS["joint"]:
            return [_layer(codebook, "joint", side, 1, (0, 1, 2))]
    except (KeyError, IndexError, ValueError, LimitError) as error:
        raise CodebookError(f"codebook {codebook.name} is not a usable {ENGINE} codebook: {error}") from None
    raise CodebookError(f"codebook {codebook.name}: plane layout {layout} is unknown")


def layer_arrays(layer: Layer) -> dict[str, np.ndarray]:
    """The arrays of a layer that a codebook stores."""
    return {
        **(layer.structure or layer.quantizer).to_arrays(),
        "left_class": layer.left_class,
        "up_class": layer.up_class,
        "index_lengths": layer.index_lengths,
        "run_lengths": layer.run_lengths,
        "first": np.array([layer.first], np.int32),
    }


def _number(arrays: Mapping[str, np.ndarray], name: str, dtype: type) -> int:
    """The number that an array of one element holds."""
    array = arrays[name]
    if array.shape != (1,) or array.dtype != dtype:
        raise ValueError(f"array {name} is not one {np.dtype(dtype).name}")
    return int(array[0])


def _layer(codebook: Codebook, name: str, side: int, subsampling: int, planes: tuple[int, ...]) -> Layer:
    arrays = codebook.arrays
    own = {key.removeprefix(f"{name}."): array for key, array in arrays.items() if key.startswith(f"{name}.")}
    try:
        return layer_of(own, side, subsampling, planes)
    except ValueError as error:
        raise ValueError(f"layer {name}: {error}") from None


def layer_of(own: Mapping[str, np.ndarray], side: int, subsampling: int, planes: tuple[int, ...]) -> Layer:
    """The layer of the arrays that `layer_arrays` gave.

    Raises:
        KeyError, IndexError, ValueError, LimitError: the arrays do not fit together.
    """
    structure = structured_codewords(own)
    codewords = own["codewords"] if structure is None else structure.codewords
    left, up = own["left_class"], own["up_class"]
    index_lengths, run_lengths = own["index_lengths"], own["run_lengths"]
    first = _number(own, "first", np.int32)
    size, classes = codewords.shape[0], run_lengths.shape[0]
    fits = (
        1 <= side <= 16
        and codewords.dtype == np.uint8
        and codewords.shape == (size, len(planes) * side * side)
        and 2 <= size <= limits.MAX_CODEWORDS
        and left.shape == up.shape == (size,)
        and left.dtype == up.dtype == index_lengths.dtype == run_lengths.dtype == np.uint8
        and classes <= 256
        and max(int(left.max()), int(up.max())) < classes
        and index_lengths.shape == (classes * classes, size)
        and run_lengths.shape == (classes, RUN_SYMBOLS)
        and 0 <= first < size
    )
    if not fits:
        raise ValueError("its arrays do not fit together")
    quantizer = FlatQuantizer.from_arrays({"codewords": codewords})
    tables = left, up, classes, index_lengths, run_lengths
    return Layer(quantizer, side, subsampling, planes, *tables, first, structure)


def at_stages(codebook: Codebook, stages: int) -> Codebook:
    """The codebook with what the first `stages` stages of each index give as its codewords.

    Raises:
        UsageError: no layer has stages, or not so many.
        CodebookError: as `layers_of`.
    """
    layers = dict(zip(LAYER_NAMES[int(codebook.arrays["layout"][0])], layers_of(codebook)))
    most = max(layer.structure.stages if layer.structure else 1 for layer in layers.values())
    if stages > most:
        what = f"has {most} stages" if most > 1 else "has no stages: only those of trees and of several stages have"
        raise UsageError(f"stages {stages} cannot be decoded: codebook {codebook.name} {what}")
    arrays = {name: array for name, array in codebook.arrays.items() if not name.endswith(".structure")}
    for name, layer in layers.items():
        arrays[f"{name}.codewords"] = (
            layer.quantizer.codewords if layer.structure is None else layer.structure.coarse(stages)
        )
    return Codebook(codebook.engine, codebook.name, arrays, codebook.provenance)


def planes_of(samples: np.ndarray) -> list[np.ndarray]:
    """Planes of a picture without alpha: [grey] or [Y, Cb, Cr], uint8 (height, width) each."""
    if samples.shape[2] == 1:
        return [np.ascontiguousarray(samples[:, :, 0])]
    return list(colour.to_ycbcr(samples))


def samples_of(planes: list[np.ndarray]) -> np.ndarray:
    """The picture of such planes: uint8 (height, width, 1 or 3)."""
    if len(planes) == 1:
        return planes[0][:, :, None]
    return colour.to_rgb(*planes)


def vectors_of(planes: list[np.ndarray], layer: Layer) -> np.ndarray:
    """Vectors of a layer in raster order of blocks: uint8 (rows, columns, dimension); borders are repeated."""
    height, width = planes[0].shape
    rows, columns = layer.grid(height, width)
    side = layer.side
    parts = []
    for number in layer.planes:
        plane = colour.halve(planes[number]) if layer.subsampling == 2 else planes[number]
        below, right = rows * side - plane.shape[0], columns * side - plane.shape[1]
        padded = np.pad(plane, ((0, below), (0, right)), mode="edge")
        blocks = padded.reshape(rows, side, columns, side).swapaxes(1, 2)
        parts.append(blocks.reshape(rows, columns, side * side))
    return np.ascontiguousarray(np.concatenate(parts, axis=2))


def reconstruct_planes(indices: np.ndarray, layer: Layer, height: int, width: int) -> list[np.ndarray]:
    """Planes of one layer from its indices, int32 (rows, columns): look-ups, then interpolation of half-size planes."""
    rows, columns = indices.shape
    count, side = len(layer.planes), layer.side
    vectors = layer.quantizer.decode(indices.reshape(-1))
    lines = vectors.view(f"V{side}").reshape(rows, columns, count, side)  # numpy moves each line of a block whole
    stacked = np.ascontiguousarray(lines.transpose(2, 0, 3, 1)).view(np.uint8)
    blocks = stacked.reshape(count, rows * side, columns * side)
    if layer.subsampling == 1:
        return [np.ascontiguousarray(plane[:height, :width]) for plane in blocks]
    half = np.ascontiguousarray(blocks[:, : (height + 1) // 2, : (width + 1) // 2])
    return [colour.double(plane, height, width) for plane in half]
