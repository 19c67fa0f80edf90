"""A signal with what matters of speech: moving formants, pitch pulses, noise, and pauses."""

from __future__ import annotations

import numpy as np


def synthetic_speech(seconds: float, sample_rate: int, seed: int = 0) -> np.ndarray:
    """Samples in the range of 16-bit integers, float64 (n,)."""
    rng = np.random.default_rng(seed)
    count = int(seconds * sample_rate)
    segment = sample_rate // 10
    output = np.zeros(count + segment)
    memory = np.zeros(8)
    for start in range(0, count, segment):
        formants = np.sort(rng.uniform([250, 900, 1900, 2800], [850, 1800, 2700, 3600]))
        predictor = np.ones(1)
        for formant in formants:
            radius = np.exp(-np.pi * 90 / sample_rate)
            predictor = np.convolve(predictor, [1, -2 * radius * np.cos(2 * np.pi * formant / sample_rate), radius**2])
        kind = rng.integers(4)
        excitation = rng.normal(0, 3 if kind else 0.1, segment)
        if kind > 1:
            excitation[:: sample_rate // int(rng.integers(90, 240))] += 300
        for n in range(segment):
            value = excitation[n] - predictor[1:] @ memory
            memory = np.concatenate([[value], memory[:-1]])
            output[start + n] = value
    return np.clip(output[:count] * (6000 / np.abs(output).max()), -32768, 32767)
