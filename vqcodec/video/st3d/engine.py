"""The spatio-temporal coder as an engine (`video.engines.Coder`); its name is `video/st3d`.

The packet of a group begins with the parameters (`parameters`). Then come the slabs in order, without gaps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import PLANE_TYPES
from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.syntax.parts import PART_NAMES, PartBits
from vqcodec.codebook.codebook import Codebook
from vqcodec.video.engines import CodedFrame, CodedGroup, Settings, bounded_group, step_at
from vqcodec.video.io.frames import Frame
from vqcodec.video.st3d.decoder import GroupDecoder
from vqcodec.video.st3d.descriptor import ST3D
from vqcodec.video.st3d.effort import slab_effort
from vqcodec.video.st3d.encoder import GroupEncoder
from vqcodec.video.st3d.layout import LAST_STEP_INDEX, MIN_STEP_INDEX
from vqcodec.video.st3d.parameters import MAX_FRAMES, GroupParameters

ENGINE = ST3D.name
DEFAULT_GROUP = 64

_OWN_NAMES = {"partition": "skip", "choice": "bands", "transform": "parts", "mode": "motion", "pattern": "codeword"}
_NAMES = [f"{plane} {_OWN_NAMES.get(part, part)}" for plane in PLANE_TYPES for part in PART_NAMES]


@dataclass(frozen=True)
class St3dOptions:
    """The values of the encode options that the descriptor declares.

    Attributes:
        depth: frames that share a transform along time: 1 (no transform), 2, 4, or "auto" (1 to 4, chosen for each
            macroblock).
        motion: whether macroblocks may have a vector; not used with a depth of 1.
        replenish: whether macroblocks may be skipped; not used with a depth of 1.
    """

    depth: int | str
    motion: bool
    replenish: bool

    def parameters(self, frames: int, step_index: int) -> GroupParameters:
        """Return the parameters of a group of `frames` frames; `step_index`: on the ladder of `blocks.steps`."""
        depth = 4 if self.depth == "auto" else int(self.depth)
        alone = depth == 1
        return GroupParameters(
            frames,
            step_index,
            depth,
            motion=self.motion and not alone,
            adaptive=self.depth == "auto",
            replenish=self.replenish and not alone,
        )


@lru_cache(maxsize=4)
def model_of(codebook: Codebook) -> Model:
    """Return the trained model that a codebook holds.

    Raises:
        CodebookError: the codebook is for another engine, or its arrays are wrong.
    """
    codebook.require_engine(ENGINE)
    return Model.from_arrays(codebook.arrays)


def group_length(width: int, height: int, wanted: int | None, options: Mapping[str, object]) -> int:
    """Return the largest number of frames of a group.

    Args:
        width, height: of the frames, in samples. Large frames make groups shorter.
        wanted: 1 to MAX_FRAMES; None for DEFAULT_GROUP.
        options: of this engine, by name.

    Raises:
        UsageError: `wanted` or an option is out of range, or an option is unknown.
    """
    ST3D.check_encode_options(options)
    return bounded_group(width, height, wanted, DEFAULT_GROUP, MAX_FRAMES)


def encode_group(
    frames: Sequence[Frame],
    codebook: Codebook,
    settings: Settings,
    progress: Callable[[int], None] | None = None,
) -> CodedGroup:
    """Encode frames of one size; see `video.engines.Coder.encode_group`. Options: those of the descriptor."""
    step, scale = step_at(settings.quality, LAST_STEP_INDEX, MIN_STEP_INDEX)
    options = St3dOptions(**ST3D.check_encode_options(settings.options))
    parameters = options.parameters(len(frames), step)
    effort = slab_effort(settings.effort, scale, parameters.motion, parameters.adaptive, parameters.replenish)
    encoder = GroupEncoder(model_of(codebook), parameters, effort, settings.threads)
    coded = encoder.encode(frames, progress)
    return CodedGroup(coded.packet, _coded_frames(coded.slabs, coded.header_bits, coded.padding), coded.frames)


def frame_count(packet: bytes) -> int:
    """Return the number of frames in a packet.

    Raises:
        CorruptFileError: the first bytes of the packet are damaged.
    """
    return GroupParameters.from_bytes(packet)[0].frames


def decode_group(
    packet: bytes, width: int, height: int, codebook: Codebook, threads: int | None = None
) -> Iterator[Frame]:
    """Yield the frames of a group in display order; see `video.engines.Coder.decode_group`."""
    for slab in GroupDecoder(packet, height, width, model_of(codebook), threads).slabs():
        yield from slab.frames


def count_bits(packet: bytes, width: int, height: int, codebook: Codebook) -> Sequence[CodedFrame]:
    """Return kind and bits of each frame of a group, the same as `encode_group` reports."""
    decoder = GroupDecoder(packet, height, width, model_of(codebook), None)
    slabs = [(len(slab.frames), slab.bits) for slab in decoder.slabs()]
    return _coded_frames(slabs, decoder.header_bits, decoder.padding)


def _coded_frames(slabs: Sequence[tuple[int, PartBits]], header_bits: int, padding: int) -> list[CodedFrame]:
    """Divide the bits of each slab among its frames; the first frame has header and padding as well."""
    coded: list[CodedFrame] = []
    for frames, bits in slabs:
        shares = [_share(bits, frames, number) for number in range(frames)]
        coded += [CodedFrame("ST" if frames > 1 else "I", dict(zip(_NAMES, map(int, s.ravel())))) for s in shares]
    coded[0] = CodedFrame(coded[0].kind, {**coded[0].bits, "header": header_bits, "padding": padding})
    return [CodedFrame(frame.kind, {n: b for n, b in frame.bits.items() if b}) for frame in coded]


def _share(bits: PartBits, frames: int, number: int) -> npt.NDArray[np.int64]:
    """Return the share of frame `number` in the bits of a slab; all shares sum to the bits of the slab."""
    return bits // frames + (bits % frames > number)
