"""vqcodec as one of the measured speech codecs, driven through its public API on one thread."""

from __future__ import annotations

from typing import Any

import vqcodec
from benchmarks.candidate import option
from benchmarks.speech_data import RATES, Samples
from benchmarks.speech_peers import SpeechCodec
from vqcodec.speech.codec import payload_bytes

LADDER = (5.0, 15.0, 25.0, 35.0, 45.0, 55.0, 65.0, 75.0, 85.0, 95.0)
BAND_OF_ENGINE = {"speech/celp-nb": "nb", "speech/celp-wb": "wb"}


def candidate(specification: str, band: str, ladder: tuple[str, ...]) -> SpeechCodec | None:
    """A codec from a line such as `mine.vqcb:effort=9`: a codebook and options of `encode_speech`.

    Args:
        specification: empty for the default codebook of the band with default options.

    Returns:
        None if the codebook is for another band.

    Raises:
        vqcodec.VQCodecError: there is no such codebook.
    """
    name, _, assignments = specification.partition(":")
    options = dict(option(assignment) for assignment in assignments.split(",") if assignment)
    codebook = vqcodec.load_codebook(name) if name else None
    if codebook is not None and BAND_OF_ENGINE.get(codebook.engine) != band:
        return None

    def encode(samples: Samples, quality: str) -> bytes:
        return vqcodec.encode_speech(
            samples, RATES[band], codebook=codebook, band=band, quality=float(quality), threads=1, **options
        )

    def decode(data: bytes, _quality: str) -> Samples:
        return vqcodec.decode_speech(data, codebook=codebook, threads=1)[0]

    described = ", ".join(f"{key}={value}" for key, value in options.items()) or "default options"
    name = f"vqcodec {specification}".strip()
    return SpeechCodec(name, name, band, described, "", ladder, encode, decode, _payload_bits)


def _payload_bits(data: bytes, _quality: Any, _samples: int) -> float:
    return 8 * payload_bytes(data)
