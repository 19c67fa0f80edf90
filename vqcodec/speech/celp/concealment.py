"""Concealment of lost packets: the last pitch cycle repeated and faded, and what follows kept from bursting.

After a loss the decoder's past is not the encoder's. The adaptive codebook builds on the faded excitation, so that
speech comes back from quiet to loud; should the mismatch make it louder than anything before the loss, it is held.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import kernel
from vqcodec.speech.celp.group_synthesis import Frames, SynthesisState, finish, synthesize_frames
from vqcodec.speech.celp.speech_codebook import TableSet
from vqcodec.speech.excitation.synthesis import synthesize
from vqcodec.speech.signal.lsf import lsf_to_lpc

DoubleArray = npt.NDArray[np.float64]

_FADE = 0.9  # of the excitation, a subframe: 60 dB in a third of a second
_GUARDED_FRAMES = 40  # after a loss, whose level is watched
_HEADROOM = 1.25  # of a frame's rms over the loudest one before the loss
_UNKNOWN_RMS = 1000.0  # sample steps: loudness that is allowed if none is known
_LEVEL_AFTER = 20.0  # dB: highest level that the prediction of gains goes on from


def conceal(frames: int, table_set: TableSet, state: SynthesisState, strength: int) -> DoubleArray:
    """Return something in place of `frames` lost ones, float64 (frames * band.frame,); `state` moves on."""
    band = table_set.band
    boundary = state.boundary(table_set)
    speech = np.empty((frames * band.subframes, band.subframe))
    lpc = lsf_to_lpc(boundary[None])
    _repeat(lpc[0], state.lag, state.history, state.memory, speech)
    state.lsf = boundary
    state.levels[:] = np.minimum(state.levels, _LEVEL_AFTER)
    entries = np.zeros(frames, dtype=np.int64)
    return finish(speech, np.repeat(lpc, len(speech), axis=0), entries, table_set, state, strength)


class Guard:
    """Watches the level after losses."""

    def __init__(self) -> None:
        self._loudest = 0.0
        self._left = 0

    def start(self) -> None:
        """Begin to watch: packets have been lost."""
        self._left = _GUARDED_FRAMES

    def synthesize(self, frames: Frames, table_set: TableSet, state: SynthesisState, strength: int) -> DoubleArray:
        """Return what `synthesize_frames` does, no louder than before the loss while the level is watched."""
        pieces = []
        watched = min(self._left, len(frames))
        for frame in range(watched):
            speech = synthesize_frames(frames.part(frame, frame + 1), table_set, state, strength)
            pieces.append(self._held(speech, state))
        self._left -= watched
        if watched < len(frames):
            speech = synthesize_frames(frames.part(watched, len(frames)), table_set, state, strength)
            rms = np.sqrt((speech.reshape(-1, table_set.band.frame) ** 2).mean(axis=1))
            self._loudest = max(self._loudest, float(rms.max()))
            pieces.append(speech)
        return np.concatenate(pieces)

    def _held(self, speech: DoubleArray, state: SynthesisState) -> DoubleArray:
        allowed = _HEADROOM * self._loudest if self._loudest else _UNKNOWN_RMS
        rms = float(np.sqrt((speech**2).mean()))
        if rms <= allowed:
            return speech
        gain = allowed / rms
        state.history *= gain
        state.memory *= gain
        return speech * gain


@kernel
def _repeat(lpc, lag, history, memory, speech):
    """Fill `speech`, float64 (subframes, n), with the last `lag` samples of excitation repeated and faded."""
    length = speech.shape[1]
    past = history.size
    excitation = np.empty(length)
    for subframe in range(speech.shape[0]):
        for n in range(length):
            source = history[past - lag + n] if n < lag else excitation[n - lag]
            excitation[n] = source
        for n in range(length):
            excitation[n] *= _FADE
        for n in range(past - length):
            history[n] = history[n + length]
        for n in range(length):
            history[past - length + n] = excitation[n]
        synthesize(lpc, excitation, memory, speech[subframe])
