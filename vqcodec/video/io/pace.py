"""The rate of the frames of a source, and their times if the rate is not constant."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from vqcodec.ffmpeg.survey import END_ROUNDING_S, Pieces

_JITTER = Fraction(1, 500)  # seconds that times of a constant rate may be off: two of Matroska's usual units
_USUAL_PARTS = 1001  # greatest denominator of a constant rate
MEAN_PARTS = 100_000  # greatest denominator of a mean rate


class Pace(NamedTuple):
    """How frames follow one another.

    Attributes:
        rate: frames a second; the mean if there are times.
        begin: the second, on the clock of the file, at which the first frame begins.
        unit: of the times, in seconds; None for a constant rate.
        times: of the frames, beginning with 0, and last the time at which the last frame ends; None if they are steady.
    """

    rate: Fraction
    begin: Fraction
    unit: Fraction | None = None
    times: Sequence[int] | None = None


def pace_of(frames: Pieces, nominal: Fraction) -> Pace:
    """Return how the frames of a file follow one another.

    Args:
        frames: at least one.
        nominal: frames a second, as the file says or as ffmpeg guesses.
    """
    times = _times(frames, nominal)
    unit, count = frames.unit, len(times) - 1
    begin = (frames.starts[0] or 0) * unit
    mean = count / (times[-1] * unit)
    for rate in filter(None, (nominal, mean.limit_denominator(_USUAL_PARTS))):
        earliest, usual, latest = _lateness(times, unit, rate)
        if max(-earliest, latest) <= max(_JITTER, unit):
            return Pace(rate, begin + usual)
    return Pace(mean.limit_denominator(MEAN_PARTS), begin, unit, times)


def _lateness(times: Sequence[int], unit: Fraction, rate: Fraction) -> tuple[Fraction, Fraction, Fraction]:
    """Return by how many seconds times are later than at a constant rate: the least, the median and the most."""
    step = 1 / (rate * unit)  # of one frame, in units
    above, below = step.numerator, step.denominator
    late = sorted(time * below - number * above for number, time in enumerate(times))
    least, usual, most = (Fraction(late[place], below) * unit for place in (0, len(late) // 2, -1))
    return least, usual, most


def _times(frames: Pieces, nominal: Fraction) -> list[int]:
    """Return times that grow, from 0 on, and last the end; what the file does not tell follows from what it does."""
    usual = max(1, round(1 / (nominal * frames.unit)))
    times: list[int] = []
    length = usual
    for start, told in zip(frames.starts, frames.lengths, strict=True):
        if not times:
            times.append(start or 0)
        else:
            times.append(start if start is not None and start > times[-1] else times[-1] + length)
        length = told if told > 0 else usual
    end = times[-1] + length
    if frames.end is not None and times[-1] < frames.end and abs(frames.end - end) * frames.unit > END_ROUNDING_S:
        end = frames.end
    return [time - times[0] for time in (*times, end)]
