"""Engine image/block of the reference decoder: section 8 of FORMAT.md, step by step."""

from __future__ import annotations

import itertools

from reference_alpha import exact_alpha
from reference_decoder import (
    ENGINES,
    BitReader,
    Codebook,
    CodebookMissing,
    HuffmanCode,
    Limit,
    Reader,
    require,
)

Plane = list[list[int]]
"""Samples by row and column."""

U1, I2, I4 = 1, 2, 4
LAYERS = {
    0: [("luma", 1, 1)],
    1: [("luma", 1, 1), ("chroma", 2, 2)],
    2: [("joint", 3, 1)],
}
RUN_SYMBOLS = 18
TO_THE_END = 17


def decode(header: bytes, packets: list[bytes], codebook: Codebook) -> list[list[list[int]]]:
    """The picture: rows of pixels, each a list of 1 to 4 samples."""
    (width, height, channels), packet = picture_header(header, packets)
    layers = picture_layers(codebook, width, height, colour=channels >= 3)
    require(8 * len(packet) >= sum(layer.rows for layer in layers))
    bits = BitReader(packet)
    planes = [plane for layer in layers for plane in layer.planes(layer.indices(bits))]
    pixels = [[[sample] for sample in row] for row in planes[0]] if len(planes) == 1 else colour_pixels(*planes)
    rest = packet[-(-bits.position // 8) :]
    if channels in (2, 4):
        append_alpha(pixels, rest, width, height)
    else:
        require(rest == b"")
    return pixels


# 8.1 Stream header


def picture_header(header: bytes, packets: list[bytes]) -> tuple[tuple[int, int, int], bytes]:
    """Width, height and number of channels; and the packet, which in the compact form the header is part of (3.5)."""
    require(len(packets) == 1)
    reader = Reader(header or packets[0])
    width, height, channels = reader.varint() + 1, reader.varint() + 1, reader.number(1) + 1
    require(channels <= 4)
    require(width <= 65535 and height <= 65535 and width * height <= 2**28, Limit)
    require(header == b"" or reader.at_end())
    return (width, height, channels), packets[0] if header else reader.rest()


# 8.2 Codebook arrays


def numbers(codebook: Codebook, name: str, kind: int, *shape: int) -> list[int]:
    """The elements of an array that must have this type and shape."""
    require(name in codebook.arrays, CodebookMissing)
    array = codebook.arrays[name]
    require(array.kind == kind and array.shape == list(shape), CodebookMissing)
    return array.elements


def first_axis(codebook: Codebook, name: str) -> int:
    """The number of rows of an array."""
    require(name in codebook.arrays and codebook.arrays[name].shape != [], CodebookMissing)
    return codebook.arrays[name].shape[0]


def picture_layers(codebook: Codebook, width: int, height: int, colour: bool) -> list[Layer]:
    """The layers that a picture has, of those of the codebook."""
    layout = numbers(codebook, "layout", U1, 1)[0]
    require(layout in LAYERS, CodebookMissing)
    layers = [Layer(codebook, *plan, width, height) for plan in LAYERS[layout]]
    if not colour:
        require(layers[0].plane_count == 1, CodebookMissing)
        layers = layers[:1]
    else:
        require(sum(layer.plane_count for layer in layers) == 3, CodebookMissing)
    for layer in layers:
        layer.make_codes()
    return layers


class Layer:
    """One layer of a picture, and what the codebook says of it."""

    def __init__(self, codebook: Codebook, name: str, planes: int, factor: int, width: int, height: int):
        self.plane_count = planes
        self.factor = factor
        self.side = numbers(codebook, "side", U1, 1)[0]
        require(1 <= self.side <= 16, CodebookMissing)
        self.picture_size = width, height
        self.width, self.height = -(-width // factor), -(-height // factor)
        self.rows = -(-height // (self.side * factor))
        self.columns = -(-width // (self.side * factor))
        self.take_arrays(codebook, name)

    def take_arrays(self, codebook: Codebook, name: str) -> None:
        dimension = self.plane_count * self.side**2
        self.codewords = self.structure_codewords(codebook, name, dimension)
        count = len(self.codewords)
        self.classes = first_axis(codebook, f"{name}.run_lengths")
        require(2 <= count <= 65536 and self.classes <= 256, CodebookMissing)
        self.left_class = numbers(codebook, f"{name}.left_class", U1, count)
        self.up_class = numbers(codebook, f"{name}.up_class", U1, count)
        require(max(self.left_class + self.up_class) < self.classes, CodebookMissing)
        self.index_lengths = cut(numbers(codebook, f"{name}.index_lengths", U1, self.classes**2, count), count)
        self.run_lengths = cut(numbers(codebook, f"{name}.run_lengths", U1, self.classes, RUN_SYMBOLS), RUN_SYMBOLS)
        self.first = numbers(codebook, f"{name}.first", I4, 1)[0]
        require(0 <= self.first < count, CodebookMissing)

    def structure_codewords(self, codebook: Codebook, name: str, dimension: int) -> list[list[int]]:
        if f"{name}.structure" not in codebook.arrays:
            count = first_axis(codebook, f"{name}.codewords")
            return cut(numbers(codebook, f"{name}.codewords", U1, count, dimension), dimension)
        structure = numbers(codebook, f"{name}.structure", U1, 1)[0]
        require(structure in STRUCTURES, CodebookMissing)
        vectors = STRUCTURES[structure](codebook, name)
        require(all(len(vector) == dimension for vector in vectors), CodebookMissing)
        return [[min(max(sample, 0), 255) for sample in vector] for vector in vectors]

    def make_codes(self) -> None:
        """Section 7; only for the layers that the picture has."""
        self.index_codes = [HuffmanCode(row) for row in self.index_lengths]
        self.run_codes = [HuffmanCode(row) for row in self.run_lengths]

    # 8.4 Indices of a layer

    def indices(self, bits: BitReader) -> list[list[int]]:
        above: list[int] = []
        rows = []
        for _ in range(self.rows):
            above = self.index_row(bits, above)
            rows.append(above)
        return rows

    def index_row(self, bits: BitReader, above: list[int]) -> list[int]:
        """One row of indices; `above` is the row before, empty for the first."""
        row: list[int] = []
        while len(row) < self.columns:
            left, up = self.neighbours(row, above)
            if self.is_flat(left, up, len(row), above):
                run = min(self.read_run(bits, left), self.columns - len(row))
                row += [left] * run
                if len(row) == self.columns:
                    break
                left, up = self.neighbours(row, above)
            code = self.index_codes[self.left_class[left] * self.classes + self.up_class[up]]
            row.append(code.read(bits))
        return row

    def neighbours(self, row: list[int], above: list[int]) -> tuple[int, int]:
        """The indices to the left of, and above, the block that follows `row`."""
        column = len(row)
        if above:
            up = above[column]
            return (row[-1] if column else up), up
        left = row[-1] if column else self.first
        return left, left

    def is_flat(self, left: int, up: int, column: int, above: list[int]) -> bool:
        return left == up and (not above or column + 1 == self.columns or above[column + 1] == left)

    def read_run(self, bits: BitReader, left: int) -> int:
        symbol = self.run_codes[self.left_class[left]].read(bits)
        if symbol == TO_THE_END:
            return self.columns
        if symbol == 16:
            return 2048 + bits.bits(16)
        if symbol >= 8:
            exponent = symbol - 5
            return 2**exponent + bits.bits(exponent)
        return symbol

    # 8.5 Reconstruction

    def planes(self, indices: list[list[int]]) -> list[Plane]:
        """The planes of the layer in the picture's size."""
        planes = [self.plane(indices, number) for number in range(self.plane_count)]
        return planes if self.factor == 1 else [doubled(plane, self.picture_size) for plane in planes]

    def plane(self, indices: list[list[int]], number: int) -> Plane:
        side = self.side
        return [
            [
                self.codewords[indices[y // side][x // side]][number * side**2 + y % side * side + x % side]
                for x in range(self.width)
            ]
            for y in range(self.height)
        ]


def cut(elements: list[int], length: int) -> list[list[int]]:
    return [elements[start : start + length] for start in range(0, len(elements), length)]


def doubled(half: Plane, size: tuple[int, int]) -> Plane:
    """A plane of half the size brought to the picture's, `size` (width, height)."""
    width, height = size
    return [[doubled_sample(half, y, x) for x in range(width)] for y in range(height)]


def doubled_sample(half: Plane, y: int, x: int) -> int:
    a, b = y // 2, x // 2
    a_ = min(max(a + 1 if y % 2 else a - 1, 0), len(half) - 1)
    b_ = min(max(b + 1 if x % 2 else b - 1, 0), len(half[0]) - 1)
    return (9 * half[a][b] + 3 * half[a][b_] + 3 * half[a_][b] + half[a_][b_] + 8) // 16


def colour_pixels(*planes: Plane) -> list[list[list[int]]]:
    return [[rgb(*sample) for sample in zip(*rows, strict=True)] for rows in zip(*planes, strict=True)]


def rgb(luma: int, cb: int, cr: int) -> list[int]:
    u, v = cb - 128, cr - 128
    return [
        clip(luma + (91881 * v + 32768) // 65536),
        clip(luma + (-22554 * u - 46802 * v + 32768) // 65536),
        clip(luma + (116130 * u + 32768) // 65536),
    ]


def clip(value: int) -> int:
    return min(max(value, 0), 255)


def append_alpha(pixels: list[list[list[int]]], packed: bytes, width: int, height: int) -> None:
    """8.3: alpha behind the other samples of each pixel."""
    for row, alphas in zip(pixels, exact_alpha(packed, width, height), strict=True):
        for pixel, sample in zip(row, alphas, strict=True):
            pixel.append(sample)


ENGINES["image/block"] = decode


# 8.7 Codewords from a structure


def whole_rows(codebook: Codebook, name: str) -> list[list[int]]:
    """The rows of an array of two axes and any type of integer."""
    require(name in codebook.arrays, CodebookMissing)
    array = codebook.arrays[name]
    require(array.kind in (U1, I2, I4) and len(array.shape) == 2, CodebookMissing)
    return cut(array.elements, array.shape[1])


def numbered(codebook: Codebook, name: str) -> list[list[list[int]]]:
    """The tables name0, name1 and so on."""
    tables = [whole_rows(codebook, f"{name}0")]
    while f"{name}{len(tables)}" in codebook.arrays:
        tables.append(whole_rows(codebook, f"{name}{len(tables)}"))
    return tables


def tree(codebook: Codebook, name: str) -> list[list[int]]:
    parents = codebook.arrays[f"{name}.parents"].elements
    nodes = whole_rows(codebook, f"{name}.nodes")
    return [nodes[node] for node in range(len(nodes)) if node not in parents]


def stages(codebook: Codebook, name: str) -> list[list[int]]:
    chosen = itertools.product(*numbered(codebook, f"{name}.stage"))
    return [[sum(samples) for samples in zip(*vectors)] for vectors in chosen]


def parts(codebook: Codebook, name: str) -> list[list[int]]:
    return [list(itertools.chain(*pieces)) for pieces in itertools.product(*numbered(codebook, f"{name}.part"))]


def gain_and_shape(codebook: Codebook, name: str) -> list[list[int]]:
    gains, shapes = whole_rows(codebook, f"{name}.gains"), whole_rows(codebook, f"{name}.shapes")
    return [[128 + ((gain[0] * sample + 8192) >> 14) for sample in shape] for gain in gains for shape in shapes]


def mean_and_residual(codebook: Codebook, name: str) -> list[list[int]]:
    means, residuals = whole_rows(codebook, f"{name}.means"), whole_rows(codebook, f"{name}.residuals")
    return [[mean[0] + sample for sample in residual] for mean in means for residual in residuals]


STRUCTURES = {1: tree, 2: stages, 3: parts, 4: gain_and_shape, 5: mean_and_residual}
