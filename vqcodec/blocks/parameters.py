"""Coding parameters: those in the first bytes of a stream, and those that only the encoder uses."""

from __future__ import annotations

from dataclasses import dataclass

from vqcodec.blocks.effort import DEFAULT_EFFORT, MAX_EFFORT
from vqcodec.blocks.steps import MAX_STEP_INDEX
from vqcodec.errors import CorruptFileError, UnsupportedError, UsageError

TUNES = ("psnr", "ssim", "visual")
CHROMA_STEP_MIN, CHROMA_STEP_MAX = -8, 7  # eighths of an octave
DEFAULT_CHROMA_STEP = -2  # 0.84 of the luma step: best RGB PSNR per byte, because chroma is predicted from luma
SUBSAMPLINGS = ("444", "420", "422", "grey")
PARAMETER_BYTES = 2
"""Of the parameters without a third byte."""

_EXTENDED = SUBSAMPLINGS.index("422")  # where the second byte has it, a third one follows


@dataclass(frozen=True)
class CodingParameters:
    """How a picture's planes are coded.

    Attributes:
        step_index: quantizer step of luma on the ladder of `steps`, 0 (finest) to 63.
        chroma_step: added to `step_index` for chroma, -8 to 7.
        tune: "psnr", or "ssim" to change the step by superblock with the local variance, or "visual" to change it more,
            and with the frequency as well. In the stream.
        subsampling: "444", "420", "422" (not in streams) or "grey" (any number of independent planes of one size).
        restoration: whether the decoder applies the restoration filter.
        effort: 0 to 9; not in the stream.
        remembering: whether the planes are predicted from pictures of the codebook's memory. They then have tables of
            their own.
        copying: whether blocks may be copied from samples of their plane that are decoded already.
        palettes: whether blocks of few sample values may have palettes.
        mixed: whether flags are values of the range coder, by mixed chances (`vqcodec.entropy.mixing`).
        lambda_scale: factor of the rate-distortion lambda, for sizes between two steps; not in the stream.

    Raises:
        UsageError: a parameter is out of its range.
    """

    step_index: int
    chroma_step: int = DEFAULT_CHROMA_STEP
    tune: str = "psnr"
    subsampling: str = "444"
    restoration: bool = True
    effort: int = DEFAULT_EFFORT
    lambda_scale: float = 1.0
    remembering: bool = False
    copying: bool = False
    palettes: bool = False
    mixed: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.step_index <= MAX_STEP_INDEX:
            raise UsageError(f"step index {self.step_index} is not in 0..{MAX_STEP_INDEX}")
        if not CHROMA_STEP_MIN <= self.chroma_step <= CHROMA_STEP_MAX:
            raise UsageError(f"chroma step {self.chroma_step} is not in {CHROMA_STEP_MIN}..{CHROMA_STEP_MAX}")
        if self.tune not in TUNES:
            raise UsageError(f"tune '{self.tune}' is unknown; choose one of {', '.join(TUNES)}")
        if self.subsampling not in SUBSAMPLINGS:
            raise UsageError(f"subsampling '{self.subsampling}' is unknown; choose one of {', '.join(SUBSAMPLINGS)}")
        if not 0 <= self.effort <= MAX_EFFORT:
            raise UsageError(f"effort {self.effort} is not in 0..{MAX_EFFORT}")

    @property
    def shaped(self) -> bool:
        """Whether the step grows with the frequency."""
        return self.tune == "visual"

    @property
    def modulated(self) -> bool:
        """Whether superblocks change their step."""
        return self.tune != "psnr"

    @property
    def has_values(self) -> bool:
        """Whether there are values of the range coder behind the Huffman codes."""
        return self.copying or self.palettes or self.mixed

    def plane_step(self, plane: int) -> int:
        """Return the step index of plane 0 (luma) or another (chroma)."""
        if plane == 0 or self.subsampling == "grey":
            return self.step_index
        return min(max(self.step_index + self.chroma_step, 0), MAX_STEP_INDEX)

    def to_bytes(self) -> bytes:
        """Return 2 bytes: step, tune and copying, then chroma step, subsampling, filter and memory; or 3.

        In place of the subsampling, the second byte then says that there is a third. That has the subsampling, whether
        the step grows with the frequency, whether there are palettes, and whether chances are mixed.
        """
        first = self.step_index | int(self.modulated) << 6 | int(self.copying) << 7
        second = (self.chroma_step - CHROMA_STEP_MIN) | int(self.restoration) << 6 | int(self.remembering) << 7
        subsampling = SUBSAMPLINGS.index(self.subsampling)
        if self.shaped or self.palettes or self.mixed:
            third = subsampling | int(self.shaped) << 2 | int(self.palettes) << 3 | int(self.mixed) << 4
            return bytes([first, second | _EXTENDED << 4, third])
        return bytes([first, second | subsampling << 4])

    @classmethod
    def from_bytes(cls, data: bytes) -> tuple[CodingParameters, int]:
        """Return the parameters that `to_bytes` wrote to the start of `data`, and the number of their bytes.

        Raises:
            CorruptFileError: `data` is too short.
            UnsupportedError: it says what later versions may say.
        """
        if len(data) < PARAMETER_BYTES:
            raise CorruptFileError(f"coding parameters: {len(data)} bytes instead of {PARAMETER_BYTES}; truncated")
        first, second = data[0], data[1]
        if first & second & 0x80:
            raise UnsupportedError("coding parameters: copies beside a memory; a later version wrote this stream")
        used, subsampling, tune, third = PARAMETER_BYTES, second >> 4 & 3, TUNES[first >> 6 & 1], 0
        if subsampling == _EXTENDED:
            if len(data) == used:
                raise CorruptFileError(f"coding parameters: {used} bytes instead of {used + 1}; truncated")
            third, used = data[used], used + 1
            shaped = bool(third >> 2 & 1)
            if not 1 <= third >> 2 <= 7 or (shaped and tune == "psnr"):
                raise UnsupportedError("coding parameters: reserved bits are set; a later version wrote this stream")
            subsampling, tune = third & 3, "visual" if shaped else tune
        parameters = cls(
            step_index=first & 0x3F,
            chroma_step=(second & 0xF) + CHROMA_STEP_MIN,
            tune=tune,
            subsampling=SUBSAMPLINGS[subsampling],
            restoration=bool(second >> 6 & 1),
            remembering=bool(second >> 7),
            copying=bool(first >> 7),
            palettes=bool(third >> 3 & 1),
            mixed=bool(third >> 4 & 1),
        )
        return parameters, used
