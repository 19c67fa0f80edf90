"""The engine's header of a stream: band, length, table set, the cutting into packets and groups, and the filters."""

from __future__ import annotations

from dataclasses import dataclass

from vqcodec.container.varint import get_varint, put_varint
from vqcodec.errors import CorruptFileError, LimitError
from vqcodec.limits import MAX_SPEECH_SAMPLES
from vqcodec.speech.bands import NARROWBAND, WIDEBAND, Band
from vqcodec.speech.filters.strengths import MAX_PITCH_FILTER, MAX_POST_FILTER, NO_FILTERS, PostFilters

PACKET_FRAMES = 50  # a second
GROUP_PACKETS = 10  # packets of a group; a group starts from a clean state
MAX_PACKET_FRAMES = 1500
MAX_GROUP_PACKETS = 255
MAX_GROUP_FRAMES = 3000  # a minute: limits the memory of a decoder, which decodes a whole group at a time
_WIDE = 8  # flag of the wide band, in the byte of the table set
_RISES = 16  # flag of rises and noise floors, in the byte of the pitch filter


@dataclass(frozen=True)
class SpeechHeader:
    """What the decoder needs to know before the packets.

    Attributes:
        band: narrowband or wideband.
        samples: length of the signal, 0 or more.
        table_set: number of the codebook's table set, 0 to 15.
        packet_frames: frames of a packet, 1 to MAX_PACKET_FRAMES; the last packet may have fewer.
        group_packets: packets of a group, 1 to MAX_GROUP_PACKETS, with MAX_GROUP_FRAMES frames at most; the last group
            may have fewer.
        filters: strengths of the decoder's filters of finished speech.
        rises: whether packets have rises of the fixed gain (`gains.rise_factors`) and noise floors (`noise_floor`).
    """

    band: Band
    samples: int
    table_set: int
    packet_frames: int = PACKET_FRAMES
    group_packets: int = GROUP_PACKETS
    filters: PostFilters = NO_FILTERS
    rises: bool = False

    def to_bytes(self) -> bytes:
        """Return the header's bytes (FORMAT.md, section 14.1)."""
        wide = _WIDE if self.band == WIDEBAND else 0
        packed = bytes([self.table_set << 4 | wide | self.filters.formant])
        layout = put_varint(self.packet_frames) + put_varint(self.group_packets)
        last = self.filters.pitch | (_RISES if self.rises else 0)
        return put_varint(self.samples) + packed + layout + (bytes([last]) if last else b"")

    @classmethod
    def from_bytes(cls, data: bytes) -> SpeechHeader:
        """Read back what `to_bytes` gave.

        Raises:
            CorruptFileError: the header is cut off, too long, or has a value out of range.
            LimitError: there are more samples than allowed, or more frames in a group.
        """
        samples, position = get_varint(data, 0)
        if position >= len(data):
            raise CorruptFileError("the speech header is cut off")
        packed = data[position]
        packet_frames, position = get_varint(data, position + 1)
        group_packets, position = get_varint(data, position)
        last = 0
        if position < len(data):
            last = data[position]
            position += 1
            if last == 0 or last & ~_RISES > MAX_PITCH_FILTER:
                raise CorruptFileError(f"a pitch filter of strength {last & ~_RISES} is not possible")
        if position != len(data):
            raise CorruptFileError(f"the speech header has {len(data) - position} bytes too many")
        if not 1 <= packet_frames <= MAX_PACKET_FRAMES or not 1 <= group_packets <= MAX_GROUP_PACKETS:
            raise CorruptFileError(f"packets of {packet_frames} frames in groups of {group_packets} are not possible")
        if packet_frames * group_packets > MAX_GROUP_FRAMES:
            raise LimitError(
                f"a group of {packet_frames * group_packets} frames of speech; at most {MAX_GROUP_FRAMES} are allowed"
            )
        if samples > MAX_SPEECH_SAMPLES:
            raise LimitError(f"{samples} samples of speech; at most {MAX_SPEECH_SAMPLES} are allowed")
        band = WIDEBAND if packed & _WIDE else NARROWBAND
        filters = PostFilters(packed & MAX_POST_FILTER, last & ~_RISES)
        return cls(band, samples, packed >> 4, packet_frames, group_packets, filters, bool(last & _RISES))

    @property
    def frames(self) -> int:
        """Number of frames of the whole signal; the encoder fills up the last one."""
        return -(-self.samples // self.band.frame)

    @property
    def packets(self) -> int:
        """Number of packets of the whole signal."""
        return -(-self.frames // self.packet_frames)

    @property
    def packet_samples(self) -> int:
        """Samples of a whole packet."""
        return self.packet_frames * self.band.frame

    @property
    def group_frames(self) -> int:
        """Frames of a whole group."""
        return self.packet_frames * self.group_packets

    def starts(self) -> list[int]:
        """Return the first sample of each packet."""
        return [packet * self.packet_samples for packet in range(self.packets)]
