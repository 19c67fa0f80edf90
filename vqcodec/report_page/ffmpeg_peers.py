"""The speech and video codecs of ffmpeg that vqcodec is shown beside: those that the ffmpeg at hand has."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from vqcodec.errors import UnreadableInputError
from vqcodec.ffmpeg import program
from vqcodec.media.progress import Progress
from vqcodec.report_page.codings import AnyCoded

_PIECE = 1 << 20


@dataclass(frozen=True)
class FfmpegPeer:
    """A codec with the settings at which it is shown.

    Attributes:
        label: its name.
        encoder: ffmpeg's name of it.
        options: of ffmpeg for the encoder; `{}` stands for the setting.
        setting: what a setting is called; `{}` stands for it.
        ladder: the settings, from the smallest files to the largest.
        suffix: of its files.
        rates: sampling rates in Hz of speech that it codes; empty for video.
        framing: bytes of each packet that are no more than framing.
    """

    label: str
    encoder: str
    options: str
    setting: str
    ladder: Sequence[float]
    suffix: str
    rates: Sequence[int] = ()
    framing: int = 0

    def encode(self, source: str, setting: float, folder: str) -> str:
        """Return the path of a coded file in a folder.

        Args:
            source: path of a WAV file of one channel, or of a Y4M file.

        Raises:
            UnreadableInputError: ffmpeg fails.
        """
        path = os.path.join(folder, f"{self.encoder}-{setting:g}{self.suffix}")
        options = self.options.format(f"{setting:g}").split()
        reason = program.failure(source, ["-map", "0:0", "-c:0", self.encoder, *options, "-y", path])
        if reason is not None:
            raise UnreadableInputError(f"{self.label} at {self.said(setting)} fails: {reason}")
        return path

    def said(self, setting: float) -> str:
        """How a setting is called."""
        return self.setting.format(f"{setting:g}")


SPEECH = (
    FfmpegPeer(
        "Opus",
        "libopus",
        "-application voip -vbr on -frame_duration 60 -b:a {}k",
        "{} kbit/s",
        (6, 8, 10, 14, 20, 28),
        ".ogg",
        (8000, 16000),
    ),
    FfmpegPeer(
        "AMR-NB",
        "libopencore_amrnb",
        "-b:a {}k",
        "{} kbit/s",
        (4.75, 5.9, 7.4, 10.2, 12.2),
        ".amr",
        (8000,),
        framing=1,
    ),
)

_SINGLE = "-threads 1"  # so that the bytes do not depend on the machine
VIDEO = (
    FfmpegPeer(
        "x264",
        "libx264",
        f"{_SINGLE} -preset slow -tune psnr -x264-params threads=1 -bsf:v filter_units=remove_types=6 -crf {{}}",
        "CRF {}",
        (39, 34, 29, 24, 19),
        ".mkv",
    ),
    FfmpegPeer(
        "x265",
        "libx265",
        f"{_SINGLE} -preset medium -tune psnr -x265-params pools=none:frame-threads=1:info=0:log-level=error -crf {{}}",
        "CRF {}",
        (39, 34, 29, 24, 19),
        ".mkv",
    ),
    FfmpegPeer(
        "SVT-AV1",
        "libsvtav1",
        "-preset 6 -svtav1-params tune=1:lp=1 -crf {}",
        "CRF {}",
        (58, 48, 38, 28, 20),
        ".mkv",
    ),
)


def peers_among(peers: Sequence[FfmpegPeer]) -> tuple[list[FfmpegPeer], list[str]]:
    """Return the peers that can be run here, and notes on those that cannot."""
    if not program.is_at_hand():
        return [], ["no other codec is shown beside, because there is no ffmpeg"]
    there = _encoders(program.executable())
    missing = [peer.label for peer in peers if peer.encoder not in there]
    notes = [f"not shown beside, because this ffmpeg has it not: {', '.join(missing)}"] if missing else []
    return [peer for peer in peers if peer.encoder in there], notes


def curves_of(
    peers: Sequence[FfmpegPeer], coding: Callable[[FfmpegPeer, float], AnyCoded], progress: Progress
) -> tuple[list[list[AnyCoded]], list[str]]:
    """Return the codings by each peer that can be run, from the smallest on, and notes on those that cannot.

    Args:
        coding: returns the coding by a peer at a setting; it may raise UnreadableInputError.
        progress: called with the part of the work that is done.
    """
    there, notes = peers_among(peers)
    curves = []
    for number, peer in enumerate(there):
        try:
            curves.append([coding(peer, setting) for setting in peer.ladder])
        except UnreadableInputError as error:
            notes.append(f"not shown beside: {error}")
        progress((number + 1) / len(there))
    return curves, notes


@lru_cache(maxsize=4)
def _encoders(executable: str) -> frozenset[str]:
    """Return the names of the encoders that an ffmpeg has."""
    listed = subprocess.run(
        [executable, "-hide_banner", "-encoders"], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    lines = (line.split() for line in listed.stdout.decode("utf-8", "replace").splitlines())
    return frozenset(words[1] for words in lines if len(words) > 1)


def payload_bytes(path: str, packets: int = 0, framing: int = 0) -> int:
    """Return the bytes of the packets of a coded file, without its container.

    Args:
        packets: their number, which counts only if they have `framing`, the bytes of each that are no payload.

    Raises:
        UnreadableInputError: ffmpeg fails.
    """
    return len(_made(path, ["-map", "0:0", "-c", "copy", "-f", "data"])) - packets * framing


def decoded_speech(path: str, rate: int) -> bytes:
    """Return the samples of a coded file at a rate in Hz, 16 bits each, low byte first.

    Raises:
        UnreadableInputError: ffmpeg fails.
    """
    return _made(path, ["-ac", "1", "-ar", str(rate), "-f", "s16le"])


def _made(path: str, arguments: Sequence[str]) -> bytes:
    pieces = []
    with program.reading(path, [*arguments, "-"]) as (pipe, messages):
        while piece := pipe.read(_PIECE):
            pieces.append(piece)
    if not pieces:
        raise UnreadableInputError(f"{path}: ffmpeg makes nothing of it: {'; '.join(messages) or 'no reason given'}")
    return b"".join(pieces)
