"""The video codecs that vqcodec is measured against, by the ffmpeg of the package imageio-ffmpeg.

Every peer runs on one thread, with one intra frame for the clip, at a constant quality (none spends effort on
reaching a bit rate), and with the options that serve its PSNR. What counts is its elementary stream: no container,
and without the message in which x264 and x265 name themselves and their options.
"""

from __future__ import annotations

import hashlib
import os
import resource
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.video_data import Clip, Raw, find_ffmpeg, frame_bytes

GROUP = "600"  # frames between intra frames: the most that all of these encoders take, and more than a clip has
INNER_FORMATS = {"cinepak": "rgb24", "roq": "yuvj444p", "svq1": "yuv410p"}  # where ffmpeg has to convert
ROQ_HEADER = ROQ_CHUNK_HEADER = 8
DEMUXERS = {"mpeg2video": "mpegvideo"}  # where it is not called as the muxer is
ELEMENTARY = {"h264", "hevc", "m4v", "mpeg2video", "roq"}  # containers that are none
ROQ_VIDEO_CHUNKS = {0x1002, 0x1011}


@dataclass(frozen=True)
class Outcome:
    """A clip coded once: the bytes that count, the frames decoded, and the processor time of both ways."""

    size: int
    decoded: Raw
    encode_cpu_s: float
    decode_cpu_s: float


@dataclass(frozen=True)
class VideoCodec:
    """A codec with the ladder of settings at which it is measured.

    `identity` names everything that fixes its bytes (program, options): results are kept under it. It is empty for
    a codec whose results must not be kept. `multiple` is what sizes must be a multiple of; `samples` the most luma
    samples of a clip that it is given, for encoders too slow for more.
    """

    name: str
    label: str
    options: str
    identity: str
    ladder: tuple[float, ...]
    run: Callable[[Clip, float], Outcome]
    multiple: int = 1
    samples: int | None = None

    def takes(self, clip: Clip) -> bool:
        """Whether the codec can code frames of this size, and so many."""
        few = self.samples is None or clip.width * clip.height * len(clip.raw) <= self.samples
        return few and clip.width % self.multiple == 0 and clip.height % self.multiple == 0


@dataclass(frozen=True)
class _Recipe:
    """How ffmpeg is told: `container` is that of the file between encoder and decoder."""

    name: str
    label: str
    arguments: str  # {} stands for the setting
    container: str
    ladder: tuple[float, ...]
    multiple: int = 1
    samples: int | None = None
    rate: str = ""  # where the encoder knows but one


_MOTION = "-mbd rd -trellis 2 -cmp satd -subcmp satd -sc_threshold 1000000000"
_X264 = "-c:v libx264 -preset {preset} -tune psnr -x264-params keyint=infinite:scenecut=0:threads=1 -crf {{}}"
_X265 = (
    "-c:v libx265 -preset {preset} -tune psnr -crf {{}} -x265-params "
    "keyint=-1:scenecut=0:info=0:pools=none:frame-threads=1:log-level=error"
)
_NO_SEI = " -bsf:v filter_units=remove_types=6"
_VPX = "-deadline good -auto-alt-ref 1 -lag-in-frames 25 -g 9999 -keyint_min 9999 -tune psnr {rate} -crf {{}}"
_CRF = (19, 24, 29, 34, 39)
_Q = (2, 4, 7, 12, 22)

RECIPES = (
    _Recipe("mpeg2", "MPEG-2", f"-c:v mpeg2video -bf 2 {_MOTION} -strict unofficial -q:v {{}}", "mpeg2video", _Q),
    _Recipe("mpeg4", "MPEG-4 ASP", f"-c:v mpeg4 -bf 2 -flags +mv4+aic {_MOTION} -q:v {{}}", "m4v", _Q),
    _Recipe("h263p", "H.263+", f"-c:v h263p -flags +mv4+aic+loop {_MOTION} -q:v {{}}", "avi", _Q, multiple=4),
    _Recipe("svq1", "Sorenson Video 1", "-c:v svq1 -motion-est epzs -q:v {}", "mov", (1, 3, 8, 16, 31)),
    _Recipe("theora", "Theora", "-c:v libtheora -q:v {}", "ogg", (1, 3, 5, 7, 10)),
    _Recipe("x264-veryfast", "x264 veryfast", _X264.format(preset="veryfast") + _NO_SEI, "h264", _CRF),
    _Recipe("x264-medium", "x264 medium", _X264.format(preset="medium") + _NO_SEI, "h264", _CRF),
    _Recipe("x264-veryslow", "x264 veryslow", _X264.format(preset="veryslow") + _NO_SEI, "h264", _CRF),
    _Recipe(
        "vp8", "VP8", "-c:v libvpx -cpu-used 0 " + _VPX.format(rate="-b:v 20M -qmin {}"), "ivf", (10, 22, 34, 46, 58)
    ),
    _Recipe("roq", "RoQ", "-c:v roqvideo -q:v {}", "roq", (1, 100, 300, 1000), multiple=16, rate="30"),
    _Recipe("x265-medium", "x265 medium", _X265.format(preset="medium"), "hevc", _CRF),
    _Recipe(
        "vp9", "VP9", "-c:v libvpx-vp9 -cpu-used 1 -row-mt 0 " + _VPX.format(rate="-b:v 0"), "ivf", (20, 33, 46, 59)
    ),
    _Recipe("x265-veryslow", "x265 veryslow", _X265.format(preset="veryslow"), "hevc", (19, 25, 31, 37)),
    _Recipe(
        "svt-av1",
        "SVT-AV1 preset 2",
        "-c:v libsvtav1 -preset 2 -crf {} -svtav1-params tune=1:scd=0:lp=1",
        "ivf",
        (23, 33, 44, 55),
    ),
    _Recipe("cinepak", "Cinepak", "-c:v cinepak -q:v {}", "avi", (1, 14, 40, 120), multiple=4, samples=4_000_000),
)
SCREEN_RECIPES = (  # beside those, on clips of screens
    _Recipe(
        "svt-av1-screen",
        "SVT-AV1 preset 2, scm=1",
        "-c:v libsvtav1 -preset 2 -crf {} -svtav1-params tune=1:scm=1:scd=0:lp=1",
        "ivf",
        (36, 46, 55, 63),
    ),
)
NAMES = tuple(recipe.name for recipe in RECIPES)
OLD_VQ = ("cinepak", "roq", "svq1")  # what vector quantization of video used to be


def find_peers(names: tuple[str, ...] = NAMES) -> tuple[list[VideoCodec], list[str]]:
    """The peers of these names that can be run here, in the order of the recipes, and a line of reason for each other.

    Raises:
        MissingDataError: there is no ffmpeg.
    """
    program = find_ffmpeg()
    listed = subprocess.run([program, "-v", "error", "-encoders"], capture_output=True, check=True, text=True).stdout
    encoders = {line.split()[1] for line in listed.splitlines() if len(line.split()) > 1}
    digest = _digest(program)
    known = {recipe.name: recipe for recipe in (*RECIPES, *SCREEN_RECIPES)}
    missing = [f"{name} is not a peer: choose from {', '.join(known)}" for name in names if name not in known]
    found = []
    for recipe in known.values():
        encoder = recipe.arguments.split()[1]
        if recipe.name in names and encoder in encoders:
            found.append(_codec(recipe, program, digest))
        elif recipe.name in names:
            missing.append(f"{recipe.label} is skipped: this ffmpeg has no encoder {encoder}")
    return found, missing


def _codec(recipe: _Recipe, program: str, digest: str) -> VideoCodec:
    return VideoCodec(
        recipe.name,
        recipe.label,
        recipe.arguments.replace("{}", "Q"),
        f"{digest} {recipe.arguments} {recipe.container} {recipe.rate}".strip(),
        recipe.ladder,
        partial(_run, program, recipe),
        recipe.multiple,
        recipe.samples,
    )


def _run(program: str, recipe: _Recipe, clip: Clip, setting: float) -> Outcome:
    """Encode and decode by two processes, whose times include their start."""
    with tempfile.TemporaryDirectory(prefix="vqcodec-benchmark-") as folder:
        source, coded, decoded = (Path(folder, name) for name in ("source.yuv", "coded", "decoded.yuv"))
        clip.raw.tofile(source)
        quiet = [program, "-v", "error", "-nostdin", "-y", "-threads", "1"]
        inner = INNER_FORMATS.get(recipe.name, "yuv420p")
        # Samples go through unscaled: what is of full range inside is declared to be so outside as well.
        outer = "yuvj420p" if inner.startswith("yuvj") else "yuv420p"
        form = ["-f", "rawvideo", "-pix_fmt", outer, "-s", f"{clip.width}x{clip.height}"]
        rate = ["-r", recipe.rate or str(clip.rate)]
        arguments = recipe.arguments.replace("{}", f"{setting:g}").split()
        if "-g" not in arguments and not recipe.name.startswith("x26"):
            arguments += ["-g", GROUP]
        encode = [*quiet, *form, *rate, "-i", source, "-threads", "1", "-pix_fmt", inner]
        encode_s = _timed([*encode, *arguments, "-f", recipe.container, coded])
        if recipe.container == "roq":
            coded.write_bytes(mended_roq(coded.read_bytes()))
        read = [*quiet, "-f", DEMUXERS.get(recipe.container, recipe.container), "-i", coded]
        decode_s = _timed([*read, "-fps_mode", "passthrough", "-pix_fmt", outer, "-f", "rawvideo", decoded])
        size = _payload(program, recipe.container, coded)
        raw = np.fromfile(decoded, np.uint8)
    stride = frame_bytes(clip.width, clip.height)
    return Outcome(size, raw[: raw.size // stride * stride].reshape(-1, stride), encode_s, decode_s)


def mended_roq(data: bytes) -> bytes:
    """A RoQ file whose chunks are as long as they declare: ffmpeg writes some a byte shorter or longer."""
    output, position = [data[:ROQ_HEADER]], ROQ_HEADER
    while position + ROQ_CHUNK_HEADER <= len(data):
        declared = position + ROQ_CHUNK_HEADER + int.from_bytes(data[position + 2 : position + 6], "little")
        end = next((end for end in (declared, declared - 1, declared + 1) if _roq_chunk_at(data, end)), len(data))
        size = end - position - ROQ_CHUNK_HEADER
        output += [data[position : position + 2], size.to_bytes(4, "little"), data[position + 6 : end]]
        position = end
    return b"".join(output)


def _roq_chunk_at(data: bytes, position: int) -> bool:
    return int.from_bytes(data[position : position + 2], "little") in ROQ_VIDEO_CHUNKS


def _payload(program: str, container: str, path: Path) -> int:
    """Bytes of the packets in a file; an elementary stream is all of them."""
    if container in ELEMENTARY:
        return path.stat().st_size
    copy = ["-f", container, "-i", str(path), "-map", "0:v", "-c", "copy", "-f", "data", "-"]
    return len(subprocess.run([program, "-v", "error", *copy], capture_output=True, check=True).stdout)


def _timed(command: list[str | Path]) -> float:
    """Run a command; its processor time in seconds, all threads together."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([os.fspath(part) for part in command], capture_output=True, check=False)
    if done.returncode:
        message = done.stderr.decode(errors="replace").strip().splitlines()
        raise ChildProcessError(f"ffmpeg failed: {message[-1] if message else done.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _digest(program: str) -> str:
    return hashlib.sha256(Path(program).read_bytes()).hexdigest()[:12]
