"""vqcodec as one of the measured speech codecs, driven through its public API on one thread."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import vqcodec
from benchmarks.candidate import option
from benchmarks.speech_data import RATES, Samples
from benchmarks.speech_peers import SpeechCodec
from vqcodec.media.engine import SpeechEngine
from vqcodec.media.registry import find_engine
from vqcodec.speech.codec import payload_bytes

LADDER = (5.0, 15.0, 25.0, 35.0, 45.0, 55.0, 65.0, 75.0, 85.0, 95.0)
TEXTBOOK = {"celp-4800": "textbook CELP", "ld-celp-16k": "textbook LD-CELP"}
"""Codebooks of the coders of fixed rate, which are shown among the peers, by their label."""


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
    found = find_engine(codebook.engine) if codebook is not None else None
    engine = found if isinstance(found, SpeechEngine) else None
    if codebook is not None and (engine is None or engine.band != band):
        return None
    if engine is not None and engine.kbps is not None:
        ladder = (f"{engine.kbps:g}",)

    def encode(samples: Samples, quality: str) -> bytes:
        wish = {} if engine is not None and engine.kbps is not None else {"quality": float(quality)}
        return vqcodec.encode_speech(samples, RATES[band], codebook=codebook, band=band, threads=1, **wish, **options)

    def decode(data: bytes, _quality: str) -> Samples:
        return vqcodec.decode_speech(data, codebook=codebook, threads=1)[0]

    described = ", ".join(f"{key}={value}" for key, value in options.items()) or "default options"
    name = f"vqcodec {specification}".strip()
    return SpeechCodec(name, name, band, described, "", ladder, encode, decode, _payload_bits)


def at_bitrates(band: str) -> SpeechCodec:
    """vqcodec with the default codebook of a band; settings are bitrates in kbit/s."""

    def encode(samples: Samples, kbps: str) -> bytes:
        return vqcodec.encode_speech(samples, RATES[band], band=band, threads=1, bitrate=float(kbps))

    def decode(data: bytes, _kbps: str) -> Samples:
        return vqcodec.decode_speech(data, threads=1)[0]

    return SpeechCodec("vqcodec", "vqcodec", band, "default options", "", (), encode, decode, _payload_bits)


def textbook_coders(band: str) -> list[SpeechCodec]:
    """The coders of fixed rate of a band, as codecs of their own, not as candidates."""
    found = {label: candidate(name, band, ()) for name, label in TEXTBOOK.items()}
    return [replace(codec, name=label, label=label) for label, codec in found.items() if codec is not None]


def _payload_bits(data: bytes, _quality: Any, _samples: int) -> float:
    return 8 * payload_bytes(data)
