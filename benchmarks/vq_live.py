"""The data of the figures of docs/vq-explained.md that readers move, made with the program's public functions.

    python -m benchmarks.vq_live [-o FOLDER]

The data are written as JavaScript, since a page opened as a file may not fetch JSON. The figures themselves are in
website/. `python -m benchmarks.vq_explained` makes the pictures, and the steps of LBG.
"""

from __future__ import annotations

import base64
import io
import json
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from PIL import Image

import vqcodec
from benchmarks.common import described_parser
from benchmarks.vq_sources import SAMPLES, clusters, correlated, error_of
from vqcodec.codebook.library import load_codebook
from vqcodec.vq.design import NeuralGas

FOLDER = SAMPLES.parent / "docs" / "pictures"
RATE = 8000  # of speech, samples a second
SUBFRAME, ORDER = 60, 10
SHORTEST, LONGEST = 20, 147  # pitch lags of the textbook coder, in samples
WEIGHT = 0.8  # what the weighting filter takes poles at


def write(folder: Path, name: str, constant: str, data: dict[str, Any]) -> None:
    text = json.dumps(data, separators=(",", ":"))
    (folder / name).write_text(f"const {constant} = {text};\n", encoding="utf-8")


def rounded(values: np.ndarray, digits: int) -> list[Any]:
    return np.round(np.asarray(values, np.float64), digits).tolist()


def tree_nodes(folder: Path) -> None:
    """A tree of 16 leaves for the vectors of the LBG player."""
    tree = vqcodec.design_structure(correlated(400), 16, structure="tree")
    assert (tree.depths[tree.leaves] == 4).all()
    data = {"nodes": rounded(tree.codewords, 3), "parents": tree.parents.tolist()}
    write(folder, "vq-tree-nodes.js", "TREE_NODES", data)


def gas_steps(folder: Path) -> None:
    """A neural gas from a poor start, and the error that LBG ends at from the same start."""
    points, epochs, parts, ranges = clusters(500), 6, 24, (10.0, 0.01)
    start = points[np.argsort(points[:, 0])[-16:]]
    horizon = epochs * len(points)
    gas = NeuralGas(start, horizon=horizon, range_=ranges)
    chance = np.random.default_rng(1)
    order = np.concatenate([chance.permutation(len(points)) for _ in range(epochs)])
    steps = []
    for part in [order[:0], *np.array_split(order, parts)]:
        gas.partial_fit(points[part])
        span = ranges[0] * (ranges[1] / ranges[0]) ** (gas.seen / horizon)
        error = error_of(vqcodec.FlatQuantizer(gas.codewords), points)
        steps.append(
            {
                "codewords": rounded(gas.codewords, 3),
                "error": round(error, 4),
                "range": f"{span:.2g}",
                "seen": int(gas.seen),
            }
        )
    lbg = vqcodec.design_codebook(points, 16, method="lbg", start=start)
    data = {"points": rounded(points, 2), "steps": steps, "lbg": f"{lbg.distortion:.3f}"}
    write(folder, "vq-gas-steps.js", "GAS_STEPS", data)


def all_pole(signal: np.ndarray, predictor: np.ndarray, memory: np.ndarray) -> np.ndarray:
    """Return 1 / A(z) of a signal, A(z) = 1 - sum of predictor[i] z^-(i+1), after the outputs in `memory`."""
    made = list(memory)
    for one in signal:
        made.append(one + predictor @ made[: -1 - len(predictor) : -1])
    return np.array(made[len(memory) :])


def celp_subframe(folder: Path) -> None:
    """A subframe of voiced speech as CELP sees it: what the weighted filter should give, and what it is tried with."""
    sound, rate = soundfile.read(SAMPLES / "librispeech-1688-man.flac")
    speech = soxr.resample(sound, rate, RATE) * 32768
    power = np.convolve(speech**2, np.ones(SUBFRAME), "valid")
    power[: 4 * LONGEST] = power[-4 * LONGEST :] = 0
    first = int(power.argmax())
    window = speech[first - 90 : first + 150] * np.hamming(240)
    correlation = np.correlate(window, window, "full")[239 : 239 + ORDER + 1]
    correlation[0] *= 1.0001  # a noise floor of -40 dB
    places = np.abs(np.subtract.outer(np.arange(ORDER), np.arange(ORDER)))
    predictor = np.linalg.solve(correlation[places], correlation[1:])

    def residual(start: int, count: int) -> np.ndarray:
        return np.array(
            [speech[n] - predictor @ speech[n - 1 : n - 1 - ORDER : -1] for n in range(start, start + count)]
        )

    weighted = predictor * WEIGHT ** np.arange(1, ORDER + 1)
    past = residual(first - LONGEST, LONGEST)
    memory = all_pole(past, weighted, np.zeros(ORDER))[-ORDER:]
    wanted = all_pole(residual(first, SUBFRAME), weighted, memory) - all_pole(np.zeros(SUBFRAME), weighted, memory)
    response = all_pole(np.eye(SUBFRAME)[0], weighted, np.zeros(ORDER))
    data = {
        "target": rounded(wanted, 1),
        "response": rounded(response, 4),
        "past": rounded(past, 1),
        "sequence": load_codebook("celp-4800").arrays["sequence"].tolist(),
        "shift": 2,
        "shortest": SHORTEST,
    }
    write(folder, "vq-celp.js", "CELP_SUBFRAME", data)


def motion_frames(folder: Path) -> None:
    """A part of two frames of a clip, as WebP in addresses."""
    with vqcodec.open_video(SAMPLES / "dog.mkv") as video:
        frames = [Image.fromarray(one).convert("L") for one in islice(video, 13)]
    data = {}
    for name, frame in (("before", frames[8]), ("now", frames[12])):
        left, top = (frame.width - 224) // 2, (frame.height - 144) // 2
        coded = io.BytesIO()
        frame.crop((left, top, left + 224, top + 144)).convert("RGB").save(coded, "webp", quality=80, method=6)
        data[name] = "data:image/webp;base64," + base64.b64encode(coded.getvalue()).decode()
    write(folder, "vq-motion-frames.js", "MOTION_FRAMES", data)


def main() -> None:
    parser = described_parser("vq_live", __doc__)
    parser.add_argument("-o", dest="folder", type=Path, default=FOLDER)
    folder = parser.parse_args().folder
    for make in (tree_nodes, gas_steps, celp_subframe, motion_frames):
        make(folder)
        print(make.__name__, flush=True)


if __name__ == "__main__":
    main()
