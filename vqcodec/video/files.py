"""Reading of video files: the header, the groups, and the sound beside them; also of damaged files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from threading import Lock
from typing import BinaryIO

from vqcodec import limits
from vqcodec.container import ChunkReader, MediaFile, Stream, compact
from vqcodec.container.index import IndexedPackets, only_packets, read_index
from vqcodec.errors import CorruptFileError, LimitError, UnsupportedError
from vqcodec.speech.files import SpeechFile
from vqcodec.speech.placement import FoundPackets
from vqcodec.video.engines import engine_for
from vqcodec.video.sound import speech_file
from vqcodec.video.stream import VideoHeader, unpack_times

MEDIUM = "video"
SAMPLES_A_BYTE = 1 << 15  # of luma that a group holds at most: 64x64, or 32x32 of four frames, take a bit
REPLACED_TIMES = 16  # most lost frames that salvage replaces, as a multiple of those that are intact
REPLACED_SAMPLES = 1 << 22  # samples of luma of frames that may be replaced in any case


@dataclass(frozen=True)
class Group:
    """The packet of a group, with the times before it.

    Attributes:
        packet: as the engine wrote it.
        times: of the frames; None for a constant rate.
        end: the time at which the last frame ends; None if the file does not tell.
    """

    packet: bytes
    times: Sequence[int] | None
    end: int | None = None


@dataclass(frozen=True)
class VideoFile:
    """The contents of a video file.

    Attributes:
        header: of the video stream.
        media: the container's view of it: engine, codebook reference, metadata; its stream has no packets there.
        starts: number of the first frame of each group. counts: number of frames of each group.
        length: number of frames of the whole video, including lost ones as far as the file tells.
        sound: the sound beside the video; None without sound.
        size: of the file, in bytes.
        packets: of the groups; read when they are used, if the file has an index.
        salvaged: whether damaged parts were skipped. damage: descriptions of the damage.
    """

    header: VideoHeader
    media: MediaFile
    starts: Sequence[int]
    counts: Sequence[int]
    length: int
    sound: SpeechFile | None
    size: int
    packets: Sequence[bytes | None] = field(repr=False)
    salvaged: bool = False
    damage: Sequence[str] = field(default=())

    @property
    def video_bytes(self) -> int:
        """Return the size of all groups, in bytes."""
        return sum(len(packet) for packet in self.packets if packet is not None)

    def group(self, number: int) -> Group:
        """Return the packet and the times of a group.

        Raises:
            CorruptFileError: the group is damaged.
        """
        packet = self.packets[number]
        assert packet is not None  # packets of video that are missing are not listed
        return _group(self.header, packet)


def read_video(file: BinaryIO, *, salvage: bool = False) -> VideoFile:
    """Read a video file. If it has an index, groups are read later, when they are used.

    Args:
        file: binary and seekable.
        salvage: skip damaged parts.

    Raises:
        UnreadableInputError, UnsupportedError, CorruptFileError, LimitError: see `vqcodec.errors`. Without `salvage`,
            any damage in the parts that are read is an error.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if file.read(len(compact.MAGIC)) == compact.MAGIC:
        raise UnsupportedError("video in the compact form needs a later version of vqcodec")
    file.seek(0)
    if not salvage:
        entries = read_index(file)
        indexed = bool(entries) and only_packets(file, entries or [])
        file.seek(0)
        if entries and indexed:
            reader = ChunkReader(file)
            lock = Lock()
            by_stream = {number: [entry for entry in entries if entry.stream == number] for number in reader.streams}
            packets: dict[int, Sequence[bytes | None]] = {
                number: IndexedPackets(file, found, lock) for number, found in by_stream.items()
            }
            starts = {number: [entry.start for entry in found] for number, found in by_stream.items()}
            return _assemble(reader, packets, starts, size, salvage=False)
    reader = ChunkReader(file, salvage=salvage)
    groups: dict[int, list[bytes | None]] = {}
    sound: dict[int, FoundPackets] = {}  # speech needs to know which packets are missing
    found_starts: dict[int, list[int]] = {}
    for packet in reader:
        if packet.number > limits.MAX_SPEECH_SAMPLES:
            raise LimitError(f"packet number {packet.number} is beyond the limits")
        if reader.streams[packet.stream].medium == MEDIUM:
            groups.setdefault(packet.stream, []).append(packet.payload)
        else:
            sound.setdefault(packet.stream, FoundPackets()).put(packet.number, packet.payload)
        found_starts.setdefault(packet.stream, []).append(packet.start)
    return _assemble(reader, {**groups, **sound}, found_starts, size, salvage)


def check_structure(file: BinaryIO) -> None:
    """Check a file from beginning to end, including its checksums.

    Raises:
        CorruptFileError, UnsupportedError, LimitError: the file is damaged or not supported.
    """
    file.seek(0)
    for _ in ChunkReader(file):
        pass  # reading is the check


def _assemble(
    reader: ChunkReader,
    packets: Mapping[int, Sequence[bytes | None]],
    starts: Mapping[int, Sequence[int]],
    size: int,
    salvage: bool,
) -> VideoFile:
    """Return the video file with these packets and start frames, by stream.

    Raises:
        CorruptFileError, UnsupportedError, LimitError: see `read_video`.
    """
    declared = [stream for stream in reader.streams.values() if stream.medium == MEDIUM]
    if reader.medium != MEDIUM or not declared:
        raise UnsupportedError(f"this file's medium is {reader.medium}, not {MEDIUM}")
    if len(declared) > 1:
        raise UnsupportedError(f"this file has {len(declared)} videos; this version decodes files with one")
    stream = declared[0]
    reference = reader.codebooks.get(stream.codebook)
    if reference is None:
        raise CorruptFileError("the reference to the codebook is missing or damaged")
    header = VideoHeader.from_bytes(stream.header)
    damage = [f"bytes {part.start} to {part.end}: {part.reason}" for part in reader.damage]
    counted = _count_frames(
        header,
        stream.engine,
        packets.get(stream.number, ()),
        starts.get(stream.number, ()),
        salvage,
        damage,
    )
    try:
        sound = speech_file(reader, packets, size, salvage)
    except UnsupportedError as error:
        sound = None
        damage.append(f"its sound is left out: {error}")
    own = Stream(stream.number, MEDIUM, stream.engine, stream.header, [])
    return VideoFile(
        header,
        MediaFile(MEDIUM, stream.engine, reference, [own], dict(reader.metadata)),
        counted.starts,
        counted.counts,
        counted.length,
        sound,
        size,
        counted.packets,
        salvaged=salvage,
        damage=damage,
    )


@dataclass(frozen=True)
class _Counted:
    """The groups of a file; fields as in `VideoFile`."""

    starts: Sequence[int]
    counts: Sequence[int]
    length: int
    packets: Sequence[bytes | None]


def _count_frames(
    header: VideoHeader,
    engine: str,
    packets: Sequence[bytes | None],
    starts: Sequence[int],
    salvage: bool,
    damage: list[str],
) -> _Counted:
    """Return the groups of a file and the number of frames of each.

    A group ends where the next one begins. The last group ends with the video, if the header tells its length;
    otherwise its packet tells the number of frames.
    """
    if salvage:
        return _count_salvaged(header, engine, packets, starts, damage)
    if not packets:
        raise CorruptFileError("the file has no frames")
    if starts[0] != 0:
        raise CorruptFileError(f"the first group begins with frame {starts[0]}, not with frame 0")
    told = header.frames
    last = _frames_in(header, engine, packets[-1] or b"") if told is None else told - starts[-1]
    counts = [after - before for before, after in pairwise(starts)] + [last]
    length = starts[-1] + last
    if last < 1:
        raise CorruptFileError(f"a group begins with frame {starts[-1]}, but the header says {length} frames")
    if length > limits.MAX_FRAMES:
        raise LimitError(f"{length} frames; at most {limits.MAX_FRAMES} are allowed")
    return _Counted(starts, counts, length, packets)


def _count_salvaged(
    header: VideoHeader, engine: str, packets: Sequence[bytes | None], starts: Sequence[int], damage: list[str]
) -> _Counted:
    """Return the groups whose packets tell their number of frames and do not contradict the groups before them.

    A header may claim any number of frames, and a packet any start, in a few bytes. So the frames that are replaced are
    bounded by those that are intact. Groups beyond are left out, and so is the end of the video.
    """
    told: list[tuple[int, int, bytes]] = []
    for start, packet in zip(starts, packets):
        try:
            told.append((start, _frames_in(header, engine, packet or b""), packet or b""))
        except CorruptFileError as error:
            damage.append(f"the group from frame {start} on: {error}")
    format = header.format
    spare = REPLACED_TIMES * sum(count for _, count, _ in told) + REPLACED_SAMPLES // (format.width * format.height)
    kept: list[tuple[int, int, bytes]] = []
    end = 0
    for start, count, packet in told:
        if start < end or start + count > (header.frames or limits.MAX_FRAMES):
            damage.append(f"the group from frame {start} on contradicts the others")
        elif start - end > spare:
            damage.append(f"the group from frame {start} on is too far from those before it to be used")
        else:
            spare -= start - end
            end = start + count
            kept.append((start, count, packet))
    if not kept:
        raise CorruptFileError("no group of frames is intact")
    length = min(header.frames or end, end + spare)
    if length < (header.frames or 0):
        damage.append(f"too much is missing at the end: frames {length} to {header.frames} are left out")
    return _Counted([row[0] for row in kept], [row[1] for row in kept], length, [row[2] for row in kept])


def _frames_in(header: VideoHeader, engine: str, packet: bytes) -> int:
    """Return the number of frames that a packet tells."""
    group = _group(header, packet)
    count = engine_for(engine).frame_count(group.packet)
    samples = (count - 1) * header.format.width * header.format.height
    if samples > SAMPLES_A_BYTE * len(packet):
        raise CorruptFileError(f"{len(packet)} bytes cannot hold {count} frames")
    if group.times is not None and len(group.times) != count:
        raise CorruptFileError(f"{len(group.times)} times for {count} frames")
    return count


def _group(header: VideoHeader, packet: bytes) -> Group:
    """Return the group in a packet, without the times before it."""
    if header.format.time_base is None:
        return Group(packet, None)
    times, rest = unpack_times(packet, ends=header.ends)
    return Group(rest, times[:-1], times[-1]) if header.ends else Group(rest, times)
