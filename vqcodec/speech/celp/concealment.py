"""Concealment of lost packets: the last pitch cycle is repeated and faded; the speech after it is kept from bursting.

After a loss the decoder's past differs from the encoder's. The adaptive codebook builds on the faded excitation, so
that speech comes back from quiet to loud. If the mismatch makes it louder than anything before the loss, it is held.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import allocating_kernel
from vqcodec.speech.celp.group_synthesis import Frames, SynthesisState, finish, synthesize_frames
from vqcodec.speech.celp.speech_codebook import SpeechTableSet
from vqcodec.speech.excitation.synthesis import synthesize
from vqcodec.speech.signal.lsf import lsf_to_lpc

DoubleArray = npt.NDArray[np.float64]

_FADE = 0.9  # factor of the excitation for each subframe: 60 dB in a third of a second
_GUARDED_FRAMES = 40  # frames after a loss whose level is watched
_HEADROOM = 1.25  # highest rms of a frame, relative to the loudest frame before the loss
_UNKNOWN_RMS = 1000.0  # sample steps: highest rms if no frame came before the loss
_LEVEL_AFTER = 20.0  # dB: highest level from which the prediction of gains goes on


def conceal(frames: int, table_set: SpeechTableSet, state: SynthesisState, strength: int) -> DoubleArray:
    """Return speech in place of `frames` lost frames, float64 (frames * band.frame,), and bring `state` up to date.

    `strength` is that of the post-filter.
    """
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
    """Keeps the level after a loss below that before it."""

    def __init__(self) -> None:
        self._loudest = 0.0
        self._left = 0

    def start(self) -> None:
        """Begin to watch: packets have been lost."""
        self._left = _GUARDED_FRAMES

    def synthesize(
        self, frames: Frames, table_set: SpeechTableSet, state: SynthesisState, strength: int
    ) -> DoubleArray:
        """Return what `synthesize_frames` gives; while the level is watched, no louder than before the loss."""
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
        """Return `speech` of one frame at a level that is allowed; the state is scaled with it."""
        allowed = _HEADROOM * self._loudest if self._loudest else _UNKNOWN_RMS
        rms = float(np.sqrt((speech**2).mean()))
        if rms <= allowed:
            return speech
        gain = allowed / rms
        state.history *= gain
        state.memory *= gain
        return speech * gain


@allocating_kernel
def _repeat(lpc, lag, history, memory, speech):
    """Fill `speech`, float64 (subframes, n): the last `lag` samples of excitation, repeated, faded and synthesized."""
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
