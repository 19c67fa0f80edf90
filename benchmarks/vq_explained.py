"""The figures of docs/vq-explained.md, made with the program's public functions.

    python -m benchmarks.vq_explained [-o FOLDER]

The 2-D vectors are made here; the photograph, the sentence and the clip are those of samples/. Figures that a reader
should compare (mean squared errors, dB, bits) stand in the figures themselves, so the text cannot disagree with them.
The steps of the LBG player are written as JavaScript, since a page opened as a file may not fetch JSON.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import soundfile
from PIL import Image

import vqcodec
from benchmarks.common import described_parser

mpl.use("Agg")
from matplotlib import pyplot

from benchmarks.vq_sources import SAMPLES, clusters, correlated, error_of

STYLE = {
    "svg.hashsalt": "vqcodec",
    "svg.fonttype": "none",
    "font.size": 9,
    "path.simplify_threshold": 0.3,
    "savefig.facecolor": "white",
}
RED, GREY, BLUE = "#c62828", "#9e9e9e", "#00695c"


def draw(
    axes: Any, points: np.ndarray, codewords: np.ndarray, cells: Callable[[np.ndarray], np.ndarray], title: str
) -> None:
    """Draw vectors, codewords, and the borders of the cells that a function assigns vectors to."""
    reach = float(np.abs(points).max()) * 1.03
    line = np.linspace(-reach, reach, 150, dtype=np.float32)
    grid = np.stack(np.meshgrid(line, line), axis=-1)
    owners = np.unique(cells(grid.reshape(-1, 2)).reshape(grid.shape[0] ** 2, -1), axis=0, return_inverse=True)[1]
    owners = owners.reshape(grid.shape[:2])
    for one in range(owners.max() + 1):
        axes.contour(line, line, owners == one, levels=[0.5], colors=BLUE, linewidths=0.6)
    axes.plot(*points.T, ".", color=GREY, markersize=1.5, rasterized=True)
    axes.plot(*codewords.T, "o", color=RED, markersize=3.5)
    axes.set(xticks=[], yticks=[], xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", title=title)


def nearest_of(codewords: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    return vqcodec.FlatQuantizer(codewords).encode


def panels(count: int) -> tuple[Any, Any]:
    return pyplot.subplots(1, count, figsize=(2.6 * count, 2.8), layout="constrained", squeeze=False)


def save(figure: Any, path: Path) -> None:
    """Write a figure as SVG or WebP by its suffix."""
    if path.suffix == ".svg":
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        text = path.read_text(encoding="utf-8")
        path.write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n", encoding="utf-8")
    else:
        pixels = io.BytesIO()
        figure.savefig(pixels, dpi=110, format="png")
        Image.open(pixels).convert("RGB").save(path, quality=85, method=6)
    pyplot.close(figure)


def lbg_steps(folder: Path) -> None:
    """LBG from a poor start: panels, and all steps for the player."""
    points = correlated(400)
    codewords = points[np.argsort(points.sum(axis=1))[-10:]]
    steps = [(codewords, error_of(vqcodec.FlatQuantizer(codewords), points))]
    while len(steps) < 3 or steps[-1][1] < steps[-2][1] - 1e-6:
        found = vqcodec.design_codebook(points, 10, start=codewords, max_iterations=2)  # the second only measures
        codewords = found.codewords
        steps.append((codewords, found.distortion))
    figure, axes = panels(4)
    for one, number in zip(axes[0], (0, 1, 5, len(steps) - 1)):
        found, error = steps[number]
        draw(one, points, found, nearest_of(found), f"step {number}: error {error:.3f}")
    save(figure, folder / "vq-lbg.svg")
    data = {
        "points": np.round(points.astype(float), 2).tolist(),
        "steps": [{"codewords": np.round(one.astype(float), 3).tolist(), "error": round(e, 4)} for one, e in steps],
    }
    text = json.dumps(data, separators=(",", ":"))
    (folder / "vq-lbg-steps.js").write_text(f"const LBG_STEPS = {text};\n", encoding="utf-8")


def methods(folder: Path) -> None:
    """LBG, neural gas and annealing; the first two from one poor start."""
    points = clusters(1500)
    start = points[np.argsort(points[:, 0])[-16:]]
    figure, axes = panels(3)
    for one, method, options in zip(
        axes[0], ("lbg", "neural-gas", "annealing"), ({"start": start}, {"start": start}, {})
    ):
        found = vqcodec.design_codebook(points, 16, method=method, **options)
        draw(one, points[:500], found.codewords, nearest_of(found.codewords), f"{method}: error {found.distortion:.4f}")
    save(figure, folder / "vq-methods.svg")


def tree(folder: Path) -> None:
    """A tree of eight leaves, level by level."""
    points = correlated(1500)
    quantizer = vqcodec.design_structure(points, 8, structure="tree")
    figure, axes = panels(3)
    for one, stages in zip(axes[0], (1, 2, 3)):

        def cells(rows: np.ndarray, stages: int = stages) -> np.ndarray:
            return quantizer.decode(quantizer.encode(rows), stages=stages)

        codewords = np.unique(quantizer.reproductions(stages=stages), axis=0)
        error = np.square(points - cells(points)).sum(axis=1).mean()
        draw(one, points[:400], codewords, cells, f"{stages} bit{'s' * (stages > 1)}: error {error:.3f}")
    save(figure, folder / "vq-tree.svg")


def structures(folder: Path) -> None:
    """16 codewords, 4 bits, in four structures."""
    points = correlated(3000)
    figure, axes = panels(4)
    for one, structure in zip(axes[0], ("flat", "product", "multistage", "tree")):
        quantizer = vqcodec.design_structure(points, 16, structure=structure)
        codewords = np.unique(quantizer.decode(quantizer.encode(points)), axis=0)
        title = f"{structure}: error {error_of(quantizer, points):.3f}"
        draw(one, points[:400], codewords, quantizer.encode, title)
    save(figure, folder / "vq-structures.svg")


def picture_blocks(folder: Path) -> None:
    """Blocks of a photograph through codebooks that were designed on all its blocks."""
    grey = np.asarray(Image.open(SAMPLES / "kodim23.png").convert("L")).astype(np.float32)
    height, width = grey.shape
    blocks = grey.reshape(height // 4, 4, width // 4, 4).swapaxes(1, 2).reshape(-1, 16)
    part = np.s_[80:240, 190:350]
    figure, axes = panels(4)
    axes[0, 0].imshow(grey[part], cmap="gray", vmin=0, vmax=255)
    axes[0, 0].set_title("luma, 8 bit/pixel")
    for place, size in ((2, 16), (3, 256)):
        found = vqcodec.design_codebook(blocks, size, start="k-means++")
        decoded = found.codewords[found.indices]
        psnr = 10 * np.log10(255**2 / np.square(decoded - blocks).mean())
        shown = decoded.reshape(height // 4, width // 4, 4, 4).swapaxes(1, 2).reshape(height, width)
        axes[0, place].imshow(shown[part], cmap="gray", vmin=0, vmax=255)
        axes[0, place].set_title(f"{size}: {np.log2(size) / 16:g} bit/pixel, {psnr:.1f} dB")
    tiles = np.full((16 * 5 + 1, 16 * 5 + 1), 255.0)
    for number, codeword in enumerate(found.codewords[np.argsort(found.codewords.mean(axis=1))]):
        row, column = 1 + number // 16 * 5, 1 + number % 16 * 5
        tiles[row : row + 4, column : column + 4] = codeword.reshape(4, 4)
    axes[0, 1].imshow(tiles, cmap="gray", vmin=0, vmax=255)
    axes[0, 1].set_title("256 codewords of 4x4 pixels")
    for one in axes[0]:
        one.axis("off")
    save(figure, folder / "vq-blocks.webp")


def speech(folder: Path) -> None:
    """A piece of a sentence: as it was, through the textbook's CELP, through the default coder."""
    source = SAMPLES / "librispeech-1688-man.flac"
    rows = {}
    for name, options in (
        ("CELP of 4.8 kbit/s", {"codebook": "celp-4800"}),
        ("default, 6 kbit/s", {"bitrate": 6, "band": "nb"}),
    ):
        rows[name] = vqcodec.decode_speech(vqcodec.encode(source, **options).data)
    original, rate = soundfile.read(source)
    rows = {"original": (original, rate), **rows}
    window = int(0.08 * rate)
    loudest = np.convolve(original**2, np.ones(window), "valid").argmax() / rate
    figure, axes = pyplot.subplots(3, 1, figsize=(8, 4.2), layout="constrained", sharex=True, sharey=True)
    for one, (name, (samples, its_rate)) in zip(axes, rows.items()):
        scale = 32768 if np.issubdtype(samples.dtype, np.integer) else 1
        first = int(loudest * its_rate)
        piece = samples[first : first + int(0.08 * its_rate)] / scale
        one.plot(np.arange(len(piece)) / its_rate * 1000, piece, color=BLUE, linewidth=0.9)
        one.set_title(name, loc="left")
    axes[-1].set_xlabel("milliseconds")
    save(figure, folder / "vq-speech.svg")


def motion(folder: Path) -> None:
    """What is left of a frame after the one before it: without motion, and with a vector for each block."""
    with vqcodec.open_video(SAMPLES / "dog.mkv") as video:
        frames = [np.asarray(Image.fromarray(one).convert("L")).astype(int) for one in islice(video, 13)]
    before, now = frames[8], frames[12]
    side, reach = 16, 12
    height, width = (length // side * side for length in now.shape)
    padded = np.pad(before, reach, mode="edge")
    predicted, arrows = np.zeros((height, width), int), []
    for top in range(0, height, side):
        for left in range(0, width, side):
            block = now[top : top + side, left : left + side]
            tried = np.lib.stride_tricks.sliding_window_view(
                padded[top : top + side + 2 * reach, left : left + side + 2 * reach], (side, side)
            )
            costs = np.abs(tried - block).sum(axis=(2, 3))
            costs[reach, reach] -= side * side // 4  # no motion where it is nearly as good
            down, right = np.unravel_index(costs.argmin(), costs.shape)
            predicted[top : top + side, left : left + side] = tried[down, right]
            arrows.append((left + side / 2, top + side / 2, right - reach, down - reach))
    now, before = now[:height, :width], before[:height, :width]
    figure, axes = pyplot.subplots(1, 3, figsize=(11, 2.6), layout="constrained")
    axes[0].imshow(now, cmap="gray", vmin=0, vmax=255)
    x, y, right, down = np.array([one for one in arrows if one[2:] != (0, 0)]).T
    axes[0].quiver(x, y, right, down, color="#ffb300", angles="xy", scale_units="xy", scale=1, width=0.004)
    axes[0].set_title("a frame, and where its blocks come from")
    for one, guess, name in ((axes[1], before, "without motion"), (axes[2], predicted, "with motion")):
        left_over = now - guess
        one.imshow(128 + 2 * left_over, cmap="gray", vmin=0, vmax=255)
        one.set_title(f"what is left {name}: error {np.square(left_over).mean():.0f}")
    for one in axes:
        one.axis("off")
    save(figure, folder / "vq-motion.webp")


def main() -> None:
    parser = described_parser("vq_explained", __doc__)
    parser.add_argument("-o", dest="folder", type=Path, default=SAMPLES.parent / "docs" / "pictures")
    folder = parser.parse_args().folder
    with mpl.rc_context(STYLE):
        for make in (lbg_steps, methods, tree, structures, picture_blocks, speech, motion):
            make(folder)
            print(make.__name__, flush=True)


if __name__ == "__main__":
    main()
