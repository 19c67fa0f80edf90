"""The mix of several channels into one, chosen so that they do not cancel one another.

The usual mix is the mean of two channels, and of more channels a sum by their layout (`layout.weights_of`). The whole
sound is measured first:

- If a channel is silent, it is left out, so that the others keep their level.
- If the usual mix would cancel the sound or a part of it, some channels are inverted, or only one is kept.
- If one of two channels is a delayed copy of the other, only one is kept: their sum would sound hollow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vqcodec.speech.sound.layout import LFE, Layout, name_of_layout, weights_of

Block = NDArray[np.float64]
"""Float64 (samples, channels), full scale 1."""

Blocks = Callable[[], Iterable[Block]]
"""Returns the blocks of a sound from its beginning, each time it is called."""

_SEGMENT_S = 0.25
_SILENT = 1e-6  # energy of a channel against the loudest one: -60 dB
_QUIET = 1e-3  # energy of a segment against the loudest one; what cancels below is not heard
_CANCELLED = 0.1  # energy of a mix against the energy that unrelated channels would have: -10 dB
_CANCELLED_WHOLE = 0.5  # the same over the whole sound, where chance evens out
_LEAST_CANCELLED = (2, 0.01)  # segments, and their share of the energy
_LOST = 0.1  # energy of a mix against the loudest channel, below which a segment counts as partly lost
_MOST_DELAY_S = 0.04
_DELAY_SEGMENTS = 40
_SAME = 0.9  # correlation of two channels that hold the same sound


@dataclass(frozen=True)
class Mix:
    """A mix of channels into one.

    Attributes:
        weights: float64 (channels,).
        how: a clause for the user.
        usual: whether any sound with these channels is mixed so, unless it cancels.
    """

    weights: NDArray[np.float64]
    how: str
    usual: bool = True

    def of(self, block: Block) -> NDArray[np.float64]:
        """Return the mix of a block, float64 (samples,)."""
        used = np.flatnonzero(self.weights)
        if np.all(self.weights[used] == 1 / used.size):
            return block[:, used].mean(axis=1)
        return block @ self.weights


def find_mix(blocks: Blocks, rate: int, channels: int, layout: Layout | None = None) -> Mix:
    """Return the mix for a sound. It is read once, and once more if its channels cancel.

    Args:
        blocks: of the sound.
        rate: Hz.
        channels: number of channels, at least 1.
        layout: of the channels; None if it is not known.
    """
    usual = weights_of(layout, channels)
    by_layout = layout is not None and channels > 2
    mixed = _words(layout, channels)
    sound = _Measured(blocks(), rate, usual)
    if channels == 1 or not sound.total.any():
        return Mix(usual, mixed)
    loud = sound.total > _SILENT * sound.total.max()
    used = loud & (usual > 0)
    if not used.any():  # all that is heard is in the low-frequency channel
        used, usual, by_layout = loud, np.full(channels, 1 / channels), False
    weights = np.where(used, usual, 0.0)
    weights /= max(min(1.0, weights.sum()), sound.peak) if by_layout else weights.sum()
    heard = np.flatnonzero(used)
    if heard.size == 1:
        why = "since the others are silent" + (" or for low frequencies" if loud.sum() > 1 else "")
        return Mix(weights, f"channel {heard[0] + 1} of {channels} taken, {why}", usual=False)
    if channels == 2 and sound.delayed:
        kept = int(np.argmax(sound.total))
        why = f"since channel {2 - kept} is a delayed copy of it"
        return Mix(_only(kept, channels), f"channel {kept + 1} of 2 taken, {why}", usual=False)
    if sound.cancels(weights):
        return _uncancelled(sound, blocks(), weights, mixed)
    if heard.size < np.count_nonzero(usual):
        silent = ", ".join(str(number + 1) for number in np.flatnonzero(~used & (usual > 0)))
        return Mix(weights, f"{mixed}, without what is silent: channel {silent}", usual=False)
    return Mix(weights, mixed)


def mix_unheard(channels: int, layout: Layout | None = None) -> Mix:
    """Return the usual mix of a sound that cannot be measured first, since it still comes; it never clips."""
    weights = weights_of(layout, channels)
    return Mix(weights / weights.sum(), _words(layout, channels))


def _words(layout: Layout | None, channels: int) -> str:
    """Return how the usual mix is called."""
    if layout is None or channels < 3:
        return f"{channels} channels mixed into one"
    without = ", without the low-frequency channel" if LFE in layout else ""
    return f"{channels} channels ({name_of_layout(layout)}) mixed into one by ITU-R BS.775{without}"


def _only(channel: int, channels: int) -> NDArray[np.float64]:
    return np.eye(channels)[channel]


def _uncancelled(sound: _Measured, blocks: Iterable[Block], weights: NDArray[np.float64], mixed: str) -> Mix:
    """Return the mix that loses least: the usual one, one with inverted channels, or one channel."""
    channels = weights.size
    signs = sound.signs(weights)
    inverted = _Measured(blocks, sound.rate, weights * signs)
    names = ", ".join(str(number + 1) for number in np.flatnonzero(signs < 0))
    turned = Mix(weights * signs, f"{mixed}, channel {names} inverted, since they would cancel", usual=False)
    choices = [(inverted.lost(inverted.mixed), turned)]
    for channel in np.argsort(-sound.total, kind="stable"):
        if weights[channel]:
            how = f"channel {channel + 1} of {channels} taken, since mixing would cancel a part of the sound"
            choices.append((sound.lost(sound.energies[:, channel]), Mix(_only(channel, channels), how, usual=False)))
    choices.append((sound.lost(sound.mixed), Mix(weights, mixed)))
    return min(choices, key=lambda choice: round(choice[0], 2))[1]


class _Measured:
    """What a sound holds.

    Attributes:
        rate: Hz.
        energies: of each channel in each segment, float64 (segments, channels).
        mixed: energies of the mix in each segment, float64 (segments,).
        total: energies of the channels, float64 (channels,).
        peak: greatest magnitude of the mix.
        delayed: whether the second of two channels is a delayed copy of the first, or the other way round.
    """

    def __init__(self, blocks: Iterable[Block], rate: int, weights: NDArray[np.float64]) -> None:
        self.rate = rate
        self.peak = 0.0
        self._covariance = np.zeros((weights.size, weights.size))
        delay = _Delay(rate) if weights.size == 2 else None
        energies, mixed = [], []
        for segment in _segments(blocks, max(1, round(_SEGMENT_S * rate))):
            mix = segment @ weights
            energies.append((segment**2).sum(axis=0))
            mixed.append(float(mix @ mix))
            self.peak = max(self.peak, float(np.abs(mix).max()))
            self._covariance += segment.T @ segment
            if delay is not None:
                delay.add(segment)
        self.energies, self.mixed = np.array(energies).reshape(-1, weights.size), np.array(mixed)
        self.total = self.energies.sum(axis=0)
        self.delayed = delay is not None and delay.found
        loudest = self.energies.max(axis=1, initial=0.0)
        self._heard = loudest > _QUIET * loudest.max(initial=0.0)
        self._loudest = np.where(self._heard, loudest, 0.0)

    def cancels(self, weights: NDArray[np.float64]) -> bool:
        """Return whether a mix by `weights`, in proportion to those measured, cancels the sound or a part of it."""
        energy = self.energies @ weights**2
        whole = weights @ self._covariance @ weights
        if whole < _CANCELLED_WHOLE * energy.sum():
            return True
        scale = whole / max(self.mixed.sum(), np.finfo(np.float64).tiny)
        cancelled = self._heard & (scale * self.mixed < _CANCELLED * energy)
        segments, share = _LEAST_CANCELLED
        return bool(np.count_nonzero(cancelled) >= segments and energy[cancelled].sum() > share * energy.sum())

    def signs(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the signs, 1.0 or -1.0 (channels,), with which the channels add up; that of the loudest is 1."""
        _, vectors = np.linalg.eigh(self._covariance * np.outer(weights != 0, weights != 0))
        strongest = vectors[:, -1]
        strongest = strongest * np.sign(strongest[np.argmax(self.total * (weights != 0))])
        return np.where(strongest < 0, -1.0, 1.0)

    def lost(self, energies: NDArray[np.float64]) -> float:
        """Return how much of the sound a mix loses, 0 to 1, given the energies of its segments."""
        floor = _LOST * self._loudest
        return float(np.maximum(0.0, floor - energies).sum() / floor.sum())


class _Delay:
    """Finds out whether two channels are the same but for a delay, from the first segments that are not quiet."""

    def __init__(self, rate: int) -> None:
        self._most = round(_MOST_DELAY_S * rate)
        self._products: NDArray[np.float64] | None = None
        self._energies = np.zeros(2)
        self._loudest = 0.0
        self._left = _DELAY_SEGMENTS

    def add(self, segment: Block) -> None:
        """Take a segment, float64 (samples, 2)."""
        energies = (segment**2).sum(axis=0)
        self._loudest = max(self._loudest, energies.max())
        if not self._left or len(segment) <= 2 * self._most or energies.max() <= _QUIET * self._loudest:
            return
        self._left -= 1
        self._energies += energies
        size = 1 << (len(segment) + self._most).bit_length()
        first, second = np.fft.rfft(segment.T, size)
        lags = np.fft.irfft(first.conj() * second, size)
        products = np.concatenate([lags[-self._most :], lags[: self._most + 1]])
        products /= 1 - np.abs(np.arange(-self._most, self._most + 1)) / len(segment)
        self._products = products if self._products is None else self._products + products

    @property
    def found(self) -> bool:
        """Whether they are."""
        if self._products is None:
            return False
        related = np.abs(self._products) / np.sqrt(max(self._energies.prod(), np.finfo(np.float64).tiny))
        return bool(related.max() >= _SAME > related[self._most])


def _segments(blocks: Iterable[Block], length: int) -> Iterator[Block]:
    """Cut blocks anew, into segments of `length` samples; the last one may be shorter."""
    rest: list[Block] = []
    held = 0
    for block in blocks:
        rest.append(block)
        held += len(block)
        if held >= length:
            joined = np.concatenate(rest)
            whole = held - held % length
            yield from np.split(joined[:whole], whole // length)
            rest, held = [joined[whole:]], held - whole
    if held:
        yield np.concatenate(rest)
