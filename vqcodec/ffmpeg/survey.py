"""Decode a file once to learn when each of its frames and each piece of its sound begins, and how long it lasts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from vqcodec.ffmpeg.colours import Told, told_in
from vqcodec.ffmpeg.program import run
from vqcodec.ffmpeg.streams import duration_in, streams_in

_NO_TIME = -(1 << 63)
_TIME_BASE = re.compile(r"^#tb (\d): (\d+)/(\d+)", re.MULTILINE)
_START = re.compile(r"Duration: .*?, start: (-?\d+\.\d+)")
_BROKEN = re.compile(r"prematurely|[Ii]nvalid data|[Ee]rror while decoding|corrupt")
_LATE_S = Fraction(1, 20)  # if the picture begins later, programs do not agree from where on they count its end

END_ROUNDING_S = Fraction(1, 100)
"""Seconds by which the told end of a stream may be rounded."""


@dataclass(frozen=True)
class Pieces:
    """What a stream decodes to: frames, or pieces of sound.

    Attributes:
        unit: of time, in seconds; of sound, one sample.
        starts: when each begins, in units of one clock for all streams of a file; None where the file does not tell.
        lengths: how long each lasts, in units; 0 where the file does not tell.
        end: roughly when the last one ends, in units, if the file tells it apart from the lengths; else None.
    """

    unit: Fraction
    starts: Sequence[int | None]
    lengths: Sequence[int]
    end: int | None = None


@dataclass(frozen=True)
class Survey:
    """What a file decodes to.

    Attributes:
        frames: when they are shown.
        samples: what those of the frames mean, by what stands in the stream and in the header of the file.
        sound: when it is heard; None without sound, or if it was not asked for.
    """

    frames: Pieces
    samples: Told
    sound: Pieces | None


def survey(path: str, *, sound: int | None, frames: int | None = None) -> Survey | None:
    """Return when the frames and the sound of a file are; None if no frame can be decoded.

    Args:
        sound: number of the stream of sound to look at, too; None for none.
        frames: at most how many to decode; None for all.
    """
    asked = ["-map", "0:V:0", "-fps_mode", "passthrough", "-enc_time_base:v", "demux"]
    if frames is not None:
        asked += ["-frames:v", str(frames)]
    if sound is not None:
        asked += ["-map", f"0:{sound}", "-c:a", "pcm_s16le"]
    rows, told = run(path, [*asked, "-f", "framecrc", "-"], "verbose")
    units = {int(number): Fraction(int(above), int(below)) for number, above, below in _TIME_BASE.findall(rows)}
    found: dict[int, tuple[list[int | None], list[int]]] = {number: ([], []) for number in units}
    for row in rows.splitlines():
        if row[:2] in ("0,", "1,"):
            stream, _, start, length = map(int, row.split(",")[:4])
            found[stream][0].append(None if start == _NO_TIME else start)
            found[stream][1].append(length)
    if not found.get(0, ([], []))[0]:
        return None
    pieces = {number: Pieces(units[number], *lists) for number, lists in found.items()}
    late = (found[0][0][0] or 0) * units[0] > _LATE_S
    end = None if late or frames is not None else _end(told, units[0])
    samples = re.search(r": Video: .*", told.partition("\nOutput #0")[2])
    return Survey(Pieces(units[0], *found[0], end), told_in(samples[0] if samples else ""), pieces.get(1))


def _end(told: str, unit: Fraction) -> int | None:
    """Return when the first video stream ends, as its file tells; None if the file does not or is damaged.

    Matroska files tell it of each stream, the others only of the whole file.

    Args:
        told: ffmpeg's messages.
    """
    told = told.partition("\nOutput #0")[0]
    longest, begun, streams = duration_in(told), _START.search(told), streams_in(told)
    if longest is None or begun is None or _BROKEN.search(told):
        return None
    end = next((stream.end_s for stream in streams if stream.kind == "Video"), None)
    if end is None:
        alone = len(streams) == 1 and re.search(r"^Input #0, mov,mp4", told, re.MULTILINE)
        return round(longest / unit) if alone else None
    start = Fraction(begun[1])
    return round((end - start) / unit) if end - max(start, Fraction(0)) <= longest + END_ROUNDING_S else None
