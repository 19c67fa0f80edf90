"""Corpora of video files to train on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import UnreadableInputError
from vqcodec.media.corpora.files import MOST_DB, FileCorpus, Point, Size
from vqcodec.media.engine import Engine
from vqcodec.media.target import DEFAULTS
from vqcodec.video.io.frames import Frame
from vqcodec.video.io.sources import open_video

_CODED = 9  # frames: one of each level of the hierarchy
_QUALITIES = (20.0, 35.0, 50.0, 65.0)  # at which a codebook is measured


@dataclass(frozen=True)
class VideoCorpus(FileCorpus[list[Frame]]):
    """A corpus of video clips: of each file the first frames, all of one size.

    Attributes:
        frames_per_clip: at most; None for all.
    """

    frames_per_clip: int | None = None

    KIND, FILES, AMOUNT = "video", "clips", ("Mpixel", 1e6)
    MEASURE = "6:1:1 PSNR"
    SUFFIXES = (
        ".avi", ".flv", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ogv", ".ts", ".webm", ".wmv", ".y4m",
    )  # fmt: skip

    @classmethod
    def fields_for(cls, engine: Engine, options: Mapping[str, Any]) -> dict[str, Any]:
        """As `FileCorpus.fields_for`: the option `frames_per_clip` where the engine has one."""
        del engine
        return {"frames_per_clip": options.get("frames_per_clip")}

    def read(self, path: Path, name: str) -> list[Frame]:
        """Return the first frames of a file; errors as `open_video`, and UnreadableInputError where there are none."""
        most = self.frames_per_clip
        with open_video(str(path), name, most=most, audio=False) as source:
            frames = list(islice(source.frames(), most))
        if not frames:
            raise UnreadableInputError(f"{name}: holds no frames")
        return frames

    def size(self, medium: list[Frame]) -> Size:
        """Return frames, height and width."""
        return (len(medium), *medium[0].luma.shape)

    def amount(self, medium: list[Frame]) -> float:
        """Return the samples of luma of a clip."""
        return len(medium) * medium[0].luma.size

    def limit(self, options: Mapping[str, Any]) -> str:
        """As `FileCorpus.limit`: what the option `frames_per_clip` cuts off."""
        most = options.get("frames_per_clip")
        return "" if most is None else f"what goes beyond the first {most:,} frames of a clip (frames_per_clip)"

    def points(
        self, medium: list[Frame], engine: Engine, codebook: Codebook, options: Mapping[str, Any]
    ) -> Iterator[Point]:
        """As `FileCorpus.points`: at most _CODED frames; the mean over them of (6 Y + U + V) / 8."""
        from vqcodec.video.engines import Settings
        from vqcodec.video.quality import mean_quality, measure_frame

        frames, effort = medium[:_CODED], _effort(options)
        for quality in _QUALITIES:
            coded = engine.coder.encode_group(frames, codebook, Settings(quality, effort, 1), lambda _: None)
            measured = mean_quality([measure_frame(*pair) for pair in zip(frames, coded.reconstruction)])
            yield Point(len(coded.packet), min(MOST_DB, measured.psnr_611_db))

    def code(
        self, medium: list[Frame], engine: Engine, codebook: Codebook, options: Mapping[str, Any]
    ) -> tuple[float, int]:
        """As `FileCorpus.code`: at most _CODED frames."""
        from vqcodec.video.engines import Settings

        frames = medium[:_CODED]
        settings = Settings(DEFAULTS["video"].quality, _effort(options), 1, {})
        return self.amount(frames), len(engine.coder.encode_group(frames, codebook, settings, lambda _: None).packet)


def _effort(options: Mapping[str, Any]) -> int:
    """Return the effort to code with: that of the training, if its engine has one."""
    effort: int = options.get("effort", DEFAULTS["video"].effort)
    return effort
