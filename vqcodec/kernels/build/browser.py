"""The decoder for browsers: kernels as WebAssembly, which the JavaScript in `web/` calls.

There are three modules, for pictures, speech and video: a page loads each with the first file that needs it. What
several need is in each of them, since each has a memory of its own.

A module imports nothing. It exports its memory, three functions of `browser_memory.c`, and an entry for each variant
of a kernel. Its custom section `kernels` says in JSON what the entries take: JavaScript finds them there by the names
of the kernels, and refuses to call one with other types.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vqcodec.kernels.build.building import Part, make_parts, replace_file
from vqcodec.kernels.build.declared import read_declared
from vqcodec.kernels.build.toolchain import BrowserToolchain, find_browser_toolchain
from vqcodec.kernels.native import FOLDER
from vqcodec.kernels.signatures import Array, Record, Scalar, Tuple, Type

TARGET = "wasm32"
SECTION = "kernels"

_TILES = [
    "vqcodec.blocks.decoding.plane_decoding.decode_plane",
    "vqcodec.blocks.syntax.values.close_values",
    "vqcodec.blocks.syntax.values.open_values",
    "vqcodec.blocks.signal.restoration_kernels.sum_unit_differences",
    "vqcodec.blocks.signal.restoration_kernels.classify_units",
    "vqcodec.blocks.signal.restoration_kernels.filter_rows",
]
"""What pictures and video need."""
_CODES = [
    "vqcodec.entropy.huffman._find_fault",
    "vqcodec.entropy.tables._fill_decode_tables",
]
"""What all need."""

_KERNELS = {
    "vqcodec-pictures.wasm": {
        "pictures": [
            *_TILES,
            *_CODES,
            "vqcodec.image.alpha.decoding._decode",
            "vqcodec.image.block.indices._read_indices",
            "vqcodec.image.colour._double",
            "vqcodec.image.colour._ycbcr_to_rgb",
            "vqcodec.image.fine_colour._ycbcr_to_rgb",
        ],
    },
    "vqcodec-speech.wasm": {
        "speech": [
            *_CODES,
            "vqcodec.speech.celp.group_synthesis._synthesize",
            "vqcodec.speech.celp.packet_syntax.get_packet",
            "vqcodec.speech.filters.equalizer.equalize",
            "vqcodec.speech.filters.pitch_filter.find_periods",
            "vqcodec.speech.filters.pitch_filter.remove_between",
            "vqcodec.speech.filters.post_filter.post_filter_subframes",
            "vqcodec.speech.lsf_quantizer.decoding._reconstruct",
            "vqcodec.speech.noise_floor.filling.add_noise",
            "vqcodec.speech.noise_floor.filling.measure_gaps",
            "vqcodec.speech.signal.lsf._build_interpolated",
            "vqcodec.speech.signal.lsf._build_predictors",
            "vqcodec.speech.textbook.celp.synthesis._decode_lsf",
            "vqcodec.speech.textbook.celp.synthesis._synthesize",
            "vqcodec.speech.textbook.ld_celp.synthesis.synthesize_cycles",
        ],
    },
    "vqcodec-video.wasm": {
        "video": [
            *_TILES,
            *_CODES,
            "vqcodec.blocks.signal.interpolation.pad_reference",
            "vqcodec.entropy.huffman._package_merge",
            "vqcodec.video.mc.motion.deblocking.edge_strengths",
            "vqcodec.video.mc.motion.deblocking.smooth_chroma",
            "vqcodec.video.mc.motion.deblocking.smooth_luma",
            "vqcodec.video.mc.syntax.header.get_frame_header",
            "vqcodec.video.mc.syntax.reading.close_frame_values",
            "vqcodec.video.mc.syntax.reading.decode_frame",
            "vqcodec.video.mc.syntax.reading.open_frame_values",
            "vqcodec.video.st3d.signal.lifting.predict",
            "vqcodec.video.st3d.signal.lifting.update",
            "vqcodec.video.st3d.syntax.reading.decode_chroma_row",
            "vqcodec.video.st3d.syntax.reading.decode_luma_row",
        ],
    },
}
"""By module and group, the kernels of the decoder. Kernels of a group share what they call."""


def build_modules(folder: Path, parts: Path = FOLDER / "parts") -> None:
    """Make the modules of the decoder for browsers.

    Args:
        folder: where to put them.
        parts: folder for what is kept from build to build.

    Raises:
        NoCompiler: the package `ziglang` is not installed, or fails.
        RuntimeError: a kernel cannot be compiled for its signatures.
    """
    toolchain = find_browser_toolchain()
    groups = {group: names for module in _KERNELS.values() for group, names in module.items()}
    made = dict(zip(groups, make_parts([TARGET], parts, groups=groups), strict=True))
    for part in made.values():
        for name, reason in part.refused.items():
            raise RuntimeError(f"{name} cannot be compiled for browsers: {reason}")
    for name, own in _KERNELS.items():
        _build_module([made[group] for group in own], folder / name, toolchain)


def _build_module(parts: list[Part], output: Path, toolchain: BrowserToolchain) -> None:
    kernels = {name: kernel for part in parts for name, kernel in part.kernels.items()}
    tuples = {name: kind for part in parts for name, kind in part.tuples.items()}
    entries = [variant["symbol"] for kernel in kernels.values() for variant in kernel["variants"]]
    linked = output.with_suffix(".new")
    toolchain.link([part.files[TARGET] for part in parts], entries, linked)
    code = linked.read_bytes()
    linked.unlink()
    replace_file(output, code + _section(_described(kernels, tuples)))


def _described(kernels: dict[str, dict[str, Any]], tuples: dict[str, list[str]]) -> bytes:
    """Return, in JSON, what the entries of each kernel take and return."""
    declared = read_declared()
    definitions = declared._replace(tuples=declared.tuples | tuples).definitions()

    def leaves_of(texts: list[str]) -> list[str]:
        return [leaf for text in texts for leaf in _leaves(definitions.type_of(text))]

    content = {
        name.removeprefix("vqcodec."): [
            {
                "entry": variant["symbol"],
                "arguments": leaves_of(variant["arguments"]),
                "results": leaves_of([variant["result"]]),
            }
            for variant in kernel["variants"]
        ]
        for name, kernel in sorted(kernels.items())
    }
    return json.dumps(content, separators=(",", ":")).encode()


def _leaves(kind: Type) -> list[str]:
    """Return the numbers (`int64`), arrays (`int16[:, :]`) and records (`record 64`: bytes) that a type consists of."""
    if isinstance(kind, Tuple):
        return [leaf for part in kind.parts for leaf in _leaves(part)]
    if isinstance(kind, Array):
        return [f"{kind.dtype.name}[{', '.join(':' * kind.ndim)}]"]
    if isinstance(kind, Record):
        return [f"record {kind.dtype.itemsize}"]
    assert isinstance(kind, Scalar)
    return [] if kind.name == "none" else [kind.name]


def _section(content: bytes) -> bytes:
    """Return the custom section, as it stands at the end of the module."""
    name = SECTION.encode()
    body = _length(len(name)) + name + content
    return b"\0" + _length(len(body)) + body


def _length(value: int) -> bytes:
    """Return an unsigned LEB128."""
    data = bytearray()
    while value > 127:
        data.append(value & 127 | 128)
        value >>= 7
    return bytes([*data, value])
