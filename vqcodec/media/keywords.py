"""The names and types of what the encoding and decoding functions can be asked for, for editors and type checkers.

What each name means, and its range, is declared in `vqcodec.media.encoding`, `decoding` and `target`, and by the
engines; a test compares the names.
"""

from __future__ import annotations

import os
from fractions import Fraction
from typing import TYPE_CHECKING, TypedDict

from vqcodec.media.progress import Progress

if TYPE_CHECKING:
    from vqcodec.codebook.codebook import Codebook


class CommonKeywords(TypedDict, total=False):
    """Of every function that encodes."""

    codebook: Codebook | str | os.PathLike[str] | None
    quality: float | None
    target_size: int | str | None
    effort: int | None
    embed_codebook: bool
    threads: int | None


class ImageKeywords(CommonKeywords, total=False):
    """Of `encode_image`; the last three are options of the engine `image/transform`."""

    target_psnr: float | None
    target_ssimulacra2: float | None
    keep_hidden: bool | None
    tune: str
    chroma: str
    alpha_quality: float


class SpeechKeywords(CommonKeywords, total=False):
    """Of `encode_speech`."""

    bitrate: float | None
    band: str | None
    channels: str | None


class VideoKeywords(CommonKeywords, total=False):
    """Of `encode_video`; `distance` is an option of the engine `video/mc`, the last three are of `video/st3d`."""

    target_psnr: float | None
    bitrate: float | None
    gop: int | None
    scene_cuts: bool | None
    distance: int
    depth: int | str
    motion: bool
    replenish: bool


class EncodeKeywords(ImageKeywords, SpeechKeywords, VideoKeywords, total=False):
    """Of `encode`."""

    medium: str | None
    strip_metadata: bool
    strip_gps: bool | None
    raw: str | None
    delay: float | None
    fps: str | float | Fraction | None
    frames: str | None
    audio: bool | None
    track: int | str | None
    deinterlace: str | None
    keep_partial: bool | None
    overwrite: bool
    progress: Progress | None
    name: str | None


class DecodeKeywords(TypedDict, total=False):
    """Of `decode`."""

    format: str | None
    codebook: Codebook | str | os.PathLike[str] | None
    crop: tuple[int, int, int, int] | None
    stages: int | None
    output_quality: float | None
    background: str | tuple[int, int, int] | None
    rate: int | str | None
    encoding: str | None
    start: float | str | None
    duration: float | str | None
    salvage: bool
    frames: str | None
    lossless: bool
    audio: bool | None
    overwrite: bool
    threads: int | None
    progress: Progress | None
    name: str | None
