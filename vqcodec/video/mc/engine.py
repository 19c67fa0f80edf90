"""The default video coder, as an engine (`video.engines.Coder`); its name is `video/mc`.

The packet of a group begins with the parameters (`parameters`). Then come the length of the intra frame's payload, its
filter flags and the payload, and then the predicted frames in coding order, without gaps between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.memory import Memory
from vqcodec.video.engines import CodedFrame, CodedGroup, FrameBlocks, Settings, bounded_group, step_at
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc.decoder import GroupDecoder, in_display_order
from vqcodec.video.mc.descriptor import MC
from vqcodec.video.mc.encoder import FrameCoder, encode_frames
from vqcodec.video.mc.inspection import blocks_of
from vqcodec.video.mc.lookahead.exposure_changes import exposures_of
from vqcodec.video.mc.lookahead.importance import first_frame_advance
from vqcodec.video.mc.lookahead.starts import repeats
from vqcodec.video.mc.memory import MemoryFrames
from vqcodec.video.mc.memory_choice import Choice, choose_items
from vqcodec.video.mc.model.tables import VideoModel
from vqcodec.video.mc.parameters import GroupParameters
from vqcodec.video.mc.planes import padded_planes
from vqcodec.video.mc.structure import coding_order

ENGINE = MC.name
DEFAULT_GROUP = 128
MAX_GROUP = 1024

_MUCH_SAVED = 0.4  # of the bytes of a first frame, by copies
_COPYING_ADVANCE = 5  # eighths of an octave; what is copied exactly costs little, and later frames show it, too

COARSEST, FINEST = 58.0, 10.0  # step positions at qualities 0 and 100


@lru_cache(maxsize=4)
def memory_of(codebook: Codebook) -> MemoryFrames:
    """Return the memory that a codebook holds, without decoding its items.

    Raises:
        CodebookError: the codebook is for another engine, or its arrays are wrong.
    """
    return MemoryFrames(Memory.from_arrays(codebook.arrays), model_of(codebook))


@lru_cache(maxsize=4)
def model_of(codebook: Codebook) -> VideoModel:
    """Return the trained model that a codebook holds.

    Raises:
        CodebookError: the codebook is for another engine, or its arrays are wrong.
    """
    codebook.require_engine(ENGINE)
    return VideoModel.from_arrays(codebook.arrays)


def group_length(width: int, height: int, wanted: int | None, options: Mapping[str, object]) -> int:
    """Return the largest number of frames of a group.

    Args:
        width, height: of the frames, in samples. Large frames make groups shorter.
        wanted: 1 to MAX_GROUP; None for DEFAULT_GROUP.
        options: of this engine, by name.

    Raises:
        UsageError: `wanted` or an option is out of range, or an option is unknown.
    """
    MC.check_encode_options(options)
    return bounded_group(width, height, wanted, DEFAULT_GROUP, MAX_GROUP)


def encode_group(
    frames: Sequence[Frame],
    codebook: Codebook,
    settings: Settings,
    progress: Callable[[int], None] | None = None,
) -> CodedGroup:
    """Encode frames of one size; see `video.engines.Coder.encode_group`.

    Options: `distance`, frames from a key frame to the next (1, 2, 4, 8 or 16).
    """
    step, scale = step_at(settings.quality, COARSEST, FINEST)
    distance = MC.check_encode_options(settings.options)["distance"]
    advance = first_frame_advance(frames, distance)
    if _copies_much(frames[0], codebook, settings, GroupParameters(1, step), scale):
        advance = max(advance, _COPYING_ADVANCE)
    advance = min(advance, step)
    parameters = GroupParameters(len(frames), step - advance, distance=distance)
    memory = memory_of(codebook)
    chosen = choose_items(frames[0], memory, parameters, scale, settings) if len(memory) else Choice()
    parameters = replace(parameters, items=chosen.items, exposures=exposures_of(frames))
    with FrameCoder(model_of(codebook), settings.effort, scale, settings.threads) as coder:
        packet, bits, shown = encode_frames(
            frames,
            coder,
            parameters,
            change=advance,
            progress=progress,
            memory=memory.frames(parameters.items, *frames[0].luma.shape),
        )
    kinds = {place.time: place.kind for place in coding_order(len(frames), parameters.distance, bool(parameters.items))}
    return CodedGroup(packet, [CodedFrame(kinds[n], bits[n]) for n in range(len(frames))], shown)


def _copies_much(
    first: Frame, codebook: Codebook, settings: Settings, parameters: GroupParameters, scale: float
) -> bool:
    """Whether copies save so much of a first frame, coded with these parameters, that it is to be finer."""
    if not repeats(first.luma):
        return False
    place = next(coding_order(1, parameters.distance))
    with FrameCoder(model_of(codebook), settings.effort, scale, settings.threads) as coder:
        return coder.intra(padded_planes(first), first.luma, parameters.steps(place)).saved > _MUCH_SAVED


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
    decoder = GroupDecoder(packet, height, width, model_of(codebook), threads, memory_of(codebook).frames)
    for decoded in in_display_order(decoder.decoded()):
        yield decoded.frame


def count_bits(packet: bytes, width: int, height: int, codebook: Codebook) -> Sequence[CodedFrame]:
    """Return kind and bits of each frame of a group, the same as `encode_group` reports."""
    decoder = GroupDecoder(packet, height, width, model_of(codebook), None, memory_of(codebook).frames)
    frames = [CodedFrame(item.place.kind, item.bits) for item in in_display_order(decoder.decoded())]
    first = dict(frames[0].bits)
    first["padding"] = first.get("padding", 0) + decoder.padding
    return [CodedFrame(frames[0].kind, first), *frames[1:]]


def inspect(packet: bytes, width: int, height: int, codebook: Codebook) -> Sequence[FrameBlocks]:
    """Return the blocks of each frame of a group in display order; errors as `decode_group`."""
    decoder = GroupDecoder(packet, height, width, model_of(codebook), None, memory_of(codebook).frames)
    return [blocks_of(item) for item in in_display_order(decoder.decoded())]
