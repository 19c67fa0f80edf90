"""Encoding of a recording: groups in parallel; quality, rate or size decides the table set and lambda."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from threading import Lock
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.errors import UsageError
from vqcodec.speech.celp import rate_control
from vqcodec.speech.celp.effort import effort_for
from vqcodec.speech.celp.group_search import search_symbols, write_packets
from vqcodec.speech.celp.header import SpeechHeader
from vqcodec.speech.celp.packet_syntax import PARTS
from vqcodec.speech.celp.rate_control import Aim
from vqcodec.speech.celp.recording import GroupSignal, Recording
from vqcodec.speech.celp.speech_codebook import SpeechCodebook, SpeechTableSet
from vqcodec.speech.excitation.trellis_state import Search
from vqcodec.speech.filters.pitch_filter_search import best_strength
from vqcodec.threads import map_shards

Progress = Callable[[float], None]

_COARSEST, _FINEST = 1.5, 0.5  # lambda of quality 0 and of 100, relative to that of the first and the last table set
_LSF_SHARE = 0.5  # share of a change of lambda, against the table set's own, that the LSF quantizer follows
_ENERGY_GROWTH, _MOST_ENERGY = 2.5, 4.0  # power of lambda, beyond the coarsest table set's, with which the weight of
# energies grows, and the most it grows to: the coarser the coding, the more of what sounds like noise would be lost
_QUICK_EFFORT = 1
_QUICK_GROUPS = 6  # groups that the first passes of rate control look at
_QUICK_PASSES, _QUICK_TOLERANCE = 8, 0.02
_PASSES, _TOLERANCE = 4, 0.006
_ALLOWED_ERROR = 0.012  # of the rate; if it is larger, two encodings are mixed
_RATE_POWER = 1.8  # first guess: lambda falls with this power of the rate
_SIZE_ATTEMPTS = 6
_LEAPS = (1.2, 30.0)  # factors of lambda that lead to the other side of the wanted rate
_SPREAD_PASSES, _BURST_PASSES = 4, 7


class CodedGroup(NamedTuple):
    """What is kept of a group; small, so that many trials can be kept.

    Attributes:
        packets: bytes of each.
        bits: int64 (parts + 1,), by part (see `group_search.write_packets`).
        pitch_errors: float64, by strength of the pitch filter (see `pitch_filter_search.strength_errors`).
    """

    packets: list[bytes]
    bits: npt.NDArray[np.int64]
    pitch_errors: npt.NDArray[np.float64]

    @property
    def size(self) -> int:
        """Bytes of the packets."""
        return sum(map(len, self.packets))


class Coded(NamedTuple):
    """A whole recording.

    Attributes:
        header: its bytes.
        groups: in order.
        lambda_: with which they were coded, the geometric mean.
    """

    header: bytes
    groups: list[CodedGroup]
    lambda_: float

    @property
    def size(self) -> int:
        """Bytes of header and packets."""
        return len(self.header) + sum(group.size for group in self.groups)


class Encoder:
    """Encodes one recording, perhaps several times until it has the wanted rate.

    Args:
        signal: (n,), see `recording.Recording`.
        book: of the band.
        effort: 0 to 9.
        threads: None for all; the result does not depend on it.
        progress: called with the share that is done, 0 to 1.
    """

    def __init__(
        self, signal: npt.ArrayLike, book: SpeechCodebook, effort: int, threads: int | None, progress: Progress | None
    ) -> None:
        self._book = book
        self._effort = effort
        self._threads = threads
        self._report = progress
        self._layout = SpeechHeader(book.band, np.asarray(signal).size, 0, rises=True)
        self._recording = Recording(signal, book.band, self._layout.group_frames)
        self._lock = Lock()
        self._share = (0.0, 1.0)  # shares of the whole at which the present pass begins and ends

    def encode_quality(self, quality: float) -> Coded:
        """Encode at a quality, 0 to 100."""
        lambda_ = lambda_of(quality, self._book)
        return self._encode(Aim.of(lambda_), self._book.nearest(lambda_))

    def quality_of(self, lambda_: float) -> float:
        """Return the quality that has this lambda: below 0 or above 100 if none has."""
        coarsest, finest = lambda_of(0, self._book), lambda_of(100, self._book)
        return 100 * math.log(lambda_ / coarsest) / math.log(finest / coarsest)

    def encode_rate(self, kbps: float) -> Coded:
        """Encode at a rate in kbit/s."""
        return self._encode_bytes(kbps * 125 * self._recording.seconds)

    def encode_size(self, size: int) -> Coded:
        """Encode in at most `size` bytes.

        Raises:
            UsageError: the speech cannot be coded in so few bytes.
        """
        wanted = size * (1 - 0.3 * _TOLERANCE)
        for _ in range(_SIZE_ATTEMPTS):
            if wanted < 1:
                break
            coded = self._encode_bytes(wanted)
            if coded.size <= size:
                return coded
            wanted -= 1.1 * (coded.size - size) + 0.5
        raise UsageError(f"the speech cannot be coded in {size} bytes; allow more")

    def _encode_bytes(self, wanted: float) -> Coded:
        """Encode in about `wanted` bytes."""
        if not self._recording.groups:
            return self._encode(Aim.of(1.0), 0)
        tried: dict[float, Coded] = {}
        lambda_ = self._quick_lambda(wanted)
        number = self._book.nearest(lambda_)

        def encode(aim: Aim) -> Coded:
            begin = self._share[1]
            self._share = (begin, begin + (1 - begin) * 0.6)
            return self._encode(aim, number)

        def measure(one: float) -> float:
            tried[one] = encode(Aim.of(one))
            return tried[one].size

        best = tried[rate_control.find_lambda(measure, wanted, lambda_, _PASSES, _TOLERANCE)]
        if abs(best.size / wanted - 1) <= _ALLOWED_ERROR:
            return best
        for leap in _LEAPS:
            if min(coded.size for coded in tried.values()) > wanted:
                measure(max(tried) * leap)
            elif max(coded.size for coded in tried.values()) < wanted and min(tried) > rate_control.LEAST_LAMBDA:
                measure(max(min(tried) / leap, rate_control.LEAST_LAMBDA))
        larger = [lambda_ for lambda_, coded in tried.items() if coded.size > wanted]
        smaller = [lambda_ for lambda_, coded in tried.items() if coded.size <= wanted]
        if larger and smaller:
            fine = min(larger, key=lambda one: tried[one].size)
            coarse = max(smaller, key=lambda one: tried[one].size)
            return self._encode_between(wanted, (fine, tried[fine]), (coarse, tried[coarse]), encode)
        return min(tried.values(), key=lambda coded: _error(coded, wanted))

    def _encode_between(
        self,
        wanted: float,
        larger: tuple[float, Coded],
        smaller: tuple[float, Coded],
        encode: Callable[[Aim], Coded],
    ) -> Coded:
        """Encode in about `wanted` bytes by mixing two lambdas: one gives too many bytes, the other too few.

        First whole groups are mixed. That needs no new encoding, but comes near enough only if there are many groups.
        Then frames are mixed, spread evenly. That does not help if coding, once begun, goes on at any lambda, as with
        loud noise. So last, each group is coded at the finer lambda up to some frame.
        """
        (fine, more), (coarse, less) = larger, smaller
        sizes = [group.size for group in more.groups], [group.size for group in less.groups]
        chosen = rate_control.mix(*sizes, wanted - len(less.header))
        mixed = Coded(
            less.header,
            [a if take else b for a, b, take in zip(more.groups, less.groups, chosen)],
            Aim(fine, coarse, 1 - sum(chosen) / len(chosen)).mean,
        )
        found = [more, less, mixed]

        def mixing(aim: Aim) -> Callable[[float], float]:
            def measure(share: float) -> float:
                found.append(encode(aim._replace(share=share)))
                return found[-1].size

            return measure

        bursts = Aim(fine, fine * _LEAPS[-1], spread=False)
        for aim, passes in ((Aim(fine, coarse), _SPREAD_PASSES), (bursts, _BURST_PASSES)):
            if min(_error(coded, wanted) for coded in found) > _ALLOWED_ERROR:
                rate_control.find_share(mixing(aim), wanted, more.size, less.size, passes, _ALLOWED_ERROR)
        return min(found, key=lambda coded: _error(coded, wanted))

    def _quick_lambda(self, wanted: float) -> float:
        """Return the lambda at which some groups, searched quickly, take their share of `wanted` bytes."""
        groups = self._recording.groups
        chosen: Iterable[int] = range(groups)
        if groups > 2 * _QUICK_GROUPS:
            chosen = [groups * k // _QUICK_GROUPS for k in range(_QUICK_GROUPS)]
        chosen = list(chosen)
        self._share = (0.0, 0.0)
        rate = wanted * 8 / self._recording.seconds
        _, start = guess_at_rate(rate, self._book)

        def measure(lambda_: float) -> float:
            table_set = self._book.sets[self._book.nearest(lambda_)].rising

            def size(group: int) -> int:
                return self._code(group, Aim.of(lambda_), table_set, _QUICK_EFFORT).size

            return sum(map_shards(size, chosen, self._threads))

        share = wanted * len(chosen) / groups
        return rate_control.find_lambda(measure, share, start, _QUICK_PASSES, _QUICK_TOLERANCE)

    def _encode(self, aim: Aim, number: int) -> Coded:
        """Encode all groups with table set number `number`."""
        table_set = self._book.sets[number].rising
        groups = self._recording.groups
        done = 0

        def code(group: int) -> CodedGroup:
            nonlocal done
            coded = self._code(group, aim, table_set, self._effort)
            with self._lock:
                done += 1
                if self._report is not None:
                    begin, end = self._share
                    self._report(begin + (end - begin) * done / groups)
            return coded

        coded = map_shards(code, range(groups), self._threads)
        filters = table_set.filters
        if coded:
            errors = np.sum([one.pitch_errors for one in coded], axis=0)
            filters = filters._replace(pitch=best_strength(errors, filters.pitch))
        header = replace(self._layout, table_set=number, filters=filters)
        return Coded(header.to_bytes(), coded, aim.mean)

    def _code(self, group: int, aim: Aim, table_set: SpeechTableSet, effort_number: int) -> CodedGroup:
        """Encode group number `group`."""
        signal, first = self._recording.group(group), group * self._layout.group_frames
        coarsest = self._book.sets[0].aims.lambda_
        return code_group(signal, first, aim, table_set, coarsest, effort_number, self._layout.packet_frames)


def code_group(
    signal: GroupSignal,
    first: int,
    aim: Aim,
    table_set: SpeechTableSet,
    coarsest: float,
    effort_number: int,
    packet_frames: int,
) -> CodedGroup:
    """Encode a group of a recording.

    Args:
        signal: of the group.
        first: number of its first frame in the recording.
        aim: the lambdas.
        table_set: to code it with.
        coarsest: lambda of the codebook's first table set. If lambda is larger, energies count more.
        effort_number: 0 to 9.
        packet_frames: frames of a packet.
    """
    effort = effort_for(table_set.band, effort_number)
    growth = min(max(aim.mean / coarsest, 1.0) ** _ENERGY_GROWTH, _MOST_ENERGY)
    search = Search(
        survivors=effort.survivors,
        lag_candidates=effort.lag_candidates,
        sweeps=effort.sweeps,
        exact=int(effort.exact),
        energy_weight=table_set.aims.energy_weight * growth,
        packet_frames=packet_frames,
    )
    relative = aim.mean / table_set.aims.lambda_
    lsf_lambda = table_set.aims.lsf_lambda * (1 - _LSF_SHARE + _LSF_SHARE * relative)
    lambdas = aim.lambdas(first, len(signal.analysis) - 1)
    symbols, shortfall = search_symbols(signal, table_set, search, lambdas, lsf_lambda, effort.lsf)
    return CodedGroup(*write_packets(symbols, table_set, packet_frames), shortfall.pitch_errors)


def lambda_of(quality: float, book: SpeechCodebook) -> float:
    """Return the lambda of a quality, 0 to 100."""
    coarsest, finest = book.sets[0].aims.lambda_ * _COARSEST, book.sets[-1].aims.lambda_ * _FINEST
    return coarsest * (finest / coarsest) ** (quality / 100)


def guess_at_rate(rate: float, book: SpeechCodebook) -> tuple[int, float]:
    """Return the number of the table set for a rate in bit/s, and about the lambda that gives it."""
    number = min(range(len(book.sets)), key=lambda one: abs(math.log(book.sets[one].aims.rate / rate)))
    aims = book.sets[number].aims
    return number, aims.lambda_ * (aims.rate / rate) ** _RATE_POWER


def _error(coded: Coded, wanted: float) -> float:
    """Return by which share the size of an encoding differs from `wanted`."""
    return abs(coded.size / wanted - 1)


def sum_bits(groups: Sequence[CodedGroup]) -> npt.NDArray[np.int64]:
    """Return the bits of all `groups` by part, int64 (parts + 1,)."""
    return sum((group.bits for group in groups), np.zeros(len(PARTS) + 1, dtype=np.int64))
