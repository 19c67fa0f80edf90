"""vqcodec as one of the measured video codecs: whole files through its public API, or groups through its engines."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import vqcodec
from benchmarks.candidate import option
from benchmarks.video_data import Clip, joined_planes, parse_y4m, y4m_bytes
from benchmarks.video_peers import Outcome, VideoCodec
from vqcodec.codebook.codebook import Codebook
from vqcodec.media.registry import default_codebook
from vqcodec.video.engines import Settings, engine_for

LADDER = (29.0, 43.0, 57.0, 71.0)  # about 31 to 41 dB of luma
DEFAULT_EFFORT = 5


def candidate(
    specification: str, ladder: tuple[float, ...] = LADDER, effort: int = DEFAULT_EFFORT, *, groups: bool = False
) -> VideoCodec:
    """A codec from a line such as `mine.vqcb:distance=4`: a codebook and options of its engine, on one thread.

    Args:
        specification: empty for the default codebook with default options; `true` and `false` are truth values.
            `effort=9` among the options takes the place of `effort`.
        groups: code all frames as one group by the engine itself, and count its packet alone: no file.

    Raises:
        vqcodec.VQCodecError: there is no such codebook.
    """
    name, _, assignments = specification.partition(":")
    options = dict(_typed(*option(assignment)) for assignment in assignments.split(",") if assignment)
    codebook = vqcodec.load_codebook(name or default_codebook("video"))
    effort = options.pop("effort", effort)
    code = _code_group if groups else _code_file

    def run(clip: Clip, quality: float) -> Outcome:
        return code(clip, codebook, Settings(quality, effort, 1, options))

    described = [f"effort={effort}", *(f"{key}={value}" for key, value in options.items())]
    label = f"vqcodec {specification}".strip()
    return VideoCodec(label, label, ", ".join(described), "", ladder, run)


def warm(codec: VideoCodec, clip: Clip, frames: int = 9) -> None:
    """Code a few frames, so that what is compiled or loaded at first use is not timed."""
    codec.run(clip.first(frames), codec.ladder[0])


def _typed(name: str, value: Any) -> tuple[str, Any]:
    return name, {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def _code_file(clip: Clip, codebook: Codebook, settings: Settings) -> Outcome:
    """A file of frames to a whole file of vqcodec, and back."""
    options: Mapping[str, Any] = settings.options
    threads = settings.threads
    with tempfile.TemporaryDirectory(prefix="vqcodec-benchmark-") as folder:
        source, coded, decoded = (Path(folder, name) for name in ("source.y4m", "coded.vqc", "decoded.y4m"))
        source.write_bytes(y4m_bytes(clip))
        wishes = {"quality": settings.quality, "effort": settings.effort, "threads": threads, **options}
        _, encode_s = _timed(lambda: vqcodec.encode(source, coded, codebook=codebook, **wishes))
        _, decode_s = _timed(lambda: vqcodec.decode(coded, decoded, codebook=codebook, threads=threads))
        return Outcome(coded.stat().st_size, parse_y4m(clip.name, decoded.read_bytes()).raw, encode_s, decode_s)


def _code_group(clip: Clip, codebook: Codebook, settings: Settings) -> Outcome:
    """All frames as one group, decoded from its packet."""
    engine = engine_for(codebook.engine)
    frames = clip.frames()
    coded, encode_s = _timed(lambda: engine.encode_group(frames, codebook, settings))
    decoded, decode_s = _timed(
        lambda: list(engine.decode_group(coded.packet, clip.width, clip.height, codebook, settings.threads))
    )
    return Outcome(len(coded.packet), joined_planes(decoded), encode_s, decode_s)


def _timed(function: Callable[[], Any]) -> tuple[Any, float]:
    """What a function returns, and its processor time in seconds."""
    start = time.process_time()
    result = function()
    return result, time.process_time() - start
