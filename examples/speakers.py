"""Tell speakers by the codebook that distorts their speech least.

    python examples/speakers.py FOLDER [--codewords 32]

FOLDER holds one recording for each speaker. Its first two thirds train the speaker's codebook of cepstra; the rest is
cut into pieces of three seconds, and each goes to the speaker whose codebook is nearest on average (Soong, Rosenberg,
Rabiner and Juang 1985, "A vector quantization approach to speaker recognition": 98 % for ten digits of 100 speakers).
With scikit-learn installed, Gaussian mixtures of as many components stand beside it (Reynolds and Rose 1995).
"""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path

import numpy as np
import soundfile

from vqcodec import design_codebook
from vqcodec.vq import SearchIndex

PIECE_SECONDS = 3.0


def cepstra(samples: np.ndarray, rate: int, count: int = 16) -> np.ndarray:
    """Mel-frequency cepstra of 25 ms windows every 10 ms that hold speech, float32 (frames, count)."""
    size, hop = round(0.025 * rate), round(0.010 * rate)
    emphasized = np.append(samples[:1], samples[1:] - 0.97 * samples[:-1])
    windows = np.lib.stride_tricks.sliding_window_view(emphasized, size)[::hop] * np.hamming(size)
    energy = np.square(windows).sum(axis=1)
    windows = windows[energy > 0.01 * energy.mean()]
    power = np.square(np.abs(np.fft.rfft(windows, 512)))
    mel = 2595 * np.log10(1 + np.fft.rfftfreq(512, 1 / rate) / 700)
    centres = np.linspace(0, mel[-1], 28)
    filters = np.maximum(0, 1 - np.abs(mel - centres[1:-1, None]) / centres[1])
    bands = np.log(power @ filters.T + 1e-10)
    numbers = np.arange(bands.shape[1]) + 0.5
    transform = np.cos(np.pi / bands.shape[1] * np.arange(1, count + 1)[:, None] * numbers)
    return (bands @ transform.T).astype(np.float32)


def split(recording: np.ndarray, rate: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Cepstra of the first two thirds, and of the pieces of the rest."""
    border, length = 2 * len(recording) // 3, int(PIECE_SECONDS * rate)
    pieces = [recording[first : first + length] for first in range(border, len(recording) - length + 1, length)]
    return cepstra(recording[:border], rate), [cepstra(piece, rate) for piece in pieces]


def by_codebooks(training: list[np.ndarray], pieces: list[np.ndarray], codewords: int) -> np.ndarray:
    """The speaker of each piece, by the least mean distortion, (pieces,)."""
    searches = [SearchIndex(design_codebook(one, codewords, start="k-means++").codewords) for one in training]
    return np.array([np.argmin([search.nearest(piece)[1].mean() for search in searches]) for piece in pieces])


def by_mixtures(training: list[np.ndarray], pieces: list[np.ndarray], components: int) -> np.ndarray:
    """The speaker of each piece, by the greatest mean likelihood, (pieces,)."""
    from sklearn.mixture import GaussianMixture

    mixtures = [GaussianMixture(components, covariance_type="diag", random_state=0).fit(one) for one in training]
    return np.array([np.argmax([mixture.score(piece) for mixture in mixtures]) for piece in pieces])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--codewords", type=int, default=32)
    parser.add_argument("--pattern", default="*.flac")
    options = parser.parse_args()
    training, pieces, speakers = [], [], []
    for path in sorted(options.folder.glob(options.pattern)):
        samples, rate = soundfile.read(path, dtype="float64", always_2d=True)
        learned, tests = split(samples[:, 0], rate)
        if len(learned) >= 10 * options.codewords and tests:
            speakers += [len(training)] * len(tests)
            training.append(learned)
            pieces += tests
    if len(training) < 2:
        raise SystemExit(f"{options.folder} holds fewer than two recordings that are long enough")
    print(f"{len(training)} speakers, {len(pieces)} pieces of {PIECE_SECONDS:.0f} s")
    right = np.mean(by_codebooks(training, pieces, options.codewords) == speakers)
    print(f"codebooks of {options.codewords}: {right:.1%}")
    if importlib.util.find_spec("sklearn"):
        right = np.mean(by_mixtures(training, pieces, options.codewords) == speakers)
        print(f"mixtures of {options.codewords}: {right:.1%}")
    else:
        print("mixtures: scikit-learn is not installed")


if __name__ == "__main__":
    main()
