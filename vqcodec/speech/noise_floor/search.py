"""The encoder's side of the noise floor: what the pauses of a recording sound of, and where they are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import kernel
from vqcodec.speech.bands import Band
from vqcodec.speech.lsf_quantizer.codebook import LsfCodebook
from vqcodec.speech.lsf_quantizer.search import search_lsf
from vqcodec.speech.noise_floor.filling import LEVEL, SPECTRUM, Floors, error_power, nearest_level
from vqcodec.speech.signal.analysis import Analysis
from vqcodec.speech.signal.lsf import lsf_to_lpc

DoubleArray = npt.NDArray[np.float64]

_REACH_S = 1.0  # around a packet, within which there is a pause, if there are any
_AVERAGED_FRAMES = 5
_NEAR_DB = 4.0  # above the noise: still nothing else
_DEEP_POWER = 2.0  # squared sample steps: a least power below it is that of a short dip, and tells little of a pause
_DEEP_QUIET_DB = 45.0  # below speech: a pause, if there is such a dip
_BELOW_SPEECH_DB = 30.0  # the least power must be: noise that is louder is coded, and weak speech is no noise
_SHORTEST = 5  # frames of noise within the reach; fewer are the edge of a sound, and tell nothing of a pause
_DIGITAL_POWER = 0.1  # squared sample steps: below it is digital silence, which stays so
_SOFTER_DB = 6.0  # than the noise, the floor that is sent: louder, it would be heard beside weak speech
_HELD_STEPS = 1  # by which a level may be wrong before another one is sent


def find_floors(
    signal: DoubleArray,
    analysis: Analysis,
    active_db: float,
    band: Band,
    codebook: LsfCodebook,
    lsf_lambda: float,
    packet_frames: int,
) -> tuple[Floors, npt.NDArray[np.bool_]]:
    """Return the noise floors of a group's packets, and which frames hold nothing else, bool (frames,).

    Args:
        signal: float64 (frames * band.frame,), high-passed.
        analysis: of its frames.
        active_db: mean level of what is no pause in the file, dB of a squared sample step.
        band: narrowband or wideband.
        codebook: of the floor's spectrum; lsf_lambda: dB^2 that a bit of it is worth.
        packet_frames: frames of a packet.
    """
    frames = len(signal) // band.frame
    packets = -(-frames // packet_frames)
    reach = round(_REACH_S * band.sample_rate / band.frame)
    floors = Floors.none(frames, codebook.stages)
    powers = (signal.reshape(frames, band.frame) ** 2).mean(axis=1)
    speech = _ratio(active_db)
    extents = [slice(max(0, first - reach), first + packet_frames + reach) for first in range(0, frames, packet_frames)]
    least = np.array([_averaged(powers)[extent].min() for extent in extents])
    limits = np.where(least < _DEEP_POWER, speech * _ratio(-_DEEP_QUIET_DB), least * _ratio(_NEAR_DB))
    limits[least > speech * _ratio(-_BELOW_SPEECH_DB)] = 0.0
    quiet = (powers < np.repeat(limits, packet_frames)[:frames]) & (powers >= _DIGITAL_POWER)
    if not quiet.any():
        return floors, quiet
    mean = analysis.lsf[1:][quiet].mean(axis=0, keepdims=True)
    one = Analysis(mean, analysis.sensitivity[1:][quiet].mean(axis=0, keepdims=True), np.array([active_db]))
    quantized = search_lsf(one, codebook, lsf_lambda, reference_db=active_db)
    errors = np.empty(frames)
    _measure(signal, lsf_to_lpc(quantized.lsf_q)[0], np.empty(band.frame), errors)
    errors_db = 10 * np.log10(errors + _DIGITAL_POWER)
    averaged_db = 10 * np.log10(_averaged(errors) + _DIGITAL_POWER)
    wanted = np.zeros(packets, dtype=np.int64)
    for packet, extent in enumerate(extents):
        own = slice(packet * packet_frames, (packet + 1) * packet_frames)
        heard = quiet[extent]
        if heard.sum() >= _SHORTEST and _averaged(powers)[own].min() >= _DIGITAL_POWER:
            deep = least[packet] < _DEEP_POWER
            noise_db = errors_db[extent][heard].mean() if deep else averaged_db[extent][heard].min()
            wanted[packet] = nearest_level(noise_db - _SOFTER_DB)
    _note_levels(wanted, floors, packet_frames)
    floors.headers[floors.sent == SPECTRUM] = quantized.indices.headers[0]
    floors.stages[floors.sent == SPECTRUM] = quantized.indices.stages[0]
    in_force, _ = floors.in_force(codebook, packet_frames)
    limits = in_force * _ratio(_NEAR_DB + _SOFTER_DB)
    return floors, quiet & (errors < np.repeat(limits, packet_frames)[:frames])


def _ratio(decibels: float) -> float:
    """Return the ratio of powers."""
    return 10 ** (decibels / 10)


def _note_levels(wanted: npt.NDArray[np.int64], floors: Floors, packet_frames: int) -> None:
    """Fill in which packets send a level, to be near those `wanted` (packets,), and which a spectrum: the first."""
    level, known = 0, False
    for packet, wish in enumerate(wanted.tolist()):
        if abs(wish - level) > _HELD_STEPS or (wish > 0) != (level > 0):
            level = wish
            floors.sent[packet * packet_frames] = LEVEL if known or level == 0 else SPECTRUM
            floors.levels[packet * packet_frames] = level
            known = known or level > 0


def _averaged(powers: DoubleArray) -> DoubleArray:
    """Return the means of `powers` over several frames around each."""
    half = _AVERAGED_FRAMES // 2
    padded = np.pad(powers, half, mode="edge")
    return np.convolve(padded, np.full(_AVERAGED_FRAMES, 1 / _AVERAGED_FRAMES), "valid")


@kernel
def _measure(signal, predictor, errors, powers):
    """Fill `powers`, float64 (frames,), with those of the prediction error.

    `errors` is float64 (samples of a frame,), room to work in.
    """
    for frame in range(powers.size):
        powers[frame] = error_power(signal, frame * errors.size, predictor, errors)
