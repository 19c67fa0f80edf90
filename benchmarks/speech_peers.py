"""The speech codecs that vqcodec is measured against: what one can install and run from the command line.

Opus, AMR-NB and G.723.1 by the ffmpeg of the package imageio-ffmpeg, GSM by libsndfile, Speex and Codec2 by the
programs of their Debian packages (`apt-get install codec2 speex`). A codec here is a pair of functions, samples and
a setting to the bytes of a whole file and back, and a third that counts the bits of its payload: what a container
adds is not the codec's fault, so codecs are compared by payload.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.speech_data import RATES, Samples

OPUS_HEADERS = SPEEX_HEADERS = 2  # Ogg packets that hold no speech: identification and comments
AMR_BITS = (95, 103, 118, 134, 148, 159, 204, 244, 39)  # speech bits of a frame by type, 3GPP TS 26.101
CODEC2_FRAMES = {  # bits and milliseconds of a frame; files are padded to whole bytes
    "700C": (28, 40),
    "1200": (48, 40),
    "1300": (52, 40),
    "1400": (56, 40),
    "1600": (64, 40),
    "2400": (48, 20),
    "3200": (64, 20),
}


@dataclass(frozen=True)
class SpeechCodec:
    """A codec with the ladder of settings at which it is measured.

    `identity` names everything that fixes its bytes (program, options): results are cached under it. It is empty
    for a codec whose results must not be cached. `modes` says that its settings are codecs of their own, each with a
    delay of its own.
    """

    name: str
    label: str
    band: str
    options: str
    identity: str
    ladder: tuple[str, ...]
    encode: Callable[[Samples, str], bytes]
    decode: Callable[[bytes, str], Samples]
    payload_bits: Callable[[bytes, str, int], float]  # of a file, at a setting, of so many samples
    modes: bool = False


def find_peers(band: str) -> tuple[list[SpeechCodec], list[str]]:
    """The peers of a band (`nb`, `wb`) that can be run here, and a line of reason for each that cannot."""
    found: list[SpeechCodec] = []
    missing: list[str] = []
    for find in (_ffmpeg_codecs, _speex, _codec2, _gsm):
        codecs, reason = find(band)
        found += codecs
        if reason:
            missing.append(reason)
    return found, missing


def _ffmpeg_codecs(band: str) -> tuple[list[SpeechCodec], str]:
    try:
        import imageio_ffmpeg

        program = imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        return [], "Opus, AMR-NB and G.723.1 are skipped: pip install imageio-ffmpeg"
    identity = _digest(program)
    opus = [_opus(program, identity, band, frame_ms) for frame_ms in (20, 60)]
    if band == "wb":
        return opus, ""
    rate = RATES[band]
    amr = SpeechCodec(
        "amrnb",
        "AMR-NB",
        band,
        "opencore-amr by ffmpeg",
        f"amrnb {identity}",
        ("4750", "5150", "5900", "6700", "7400", "7950", "10200", "12200"),
        partial(_ffmpeg_encode, program, rate, "amr", ("-c:a", "libopencore_amrnb")),
        partial(_ffmpeg_decode, program, rate, "amr"),
        lambda data, _setting, _samples: _amr_bits(data),
    )
    g723 = SpeechCodec(
        "g7231",
        "G.723.1",
        band,
        "ffmpeg",
        f"g723_1 {identity}",
        ("6300",),
        partial(_ffmpeg_encode, program, rate, "g723_1", ("-c:a", "g723_1")),
        partial(_ffmpeg_decode, program, rate, "g723_1"),
        lambda data, _setting, _samples: 8 * len(data),
    )
    return [*opus, amr, g723], ""


def _opus(program: str, identity: str, band: str, frame_ms: int) -> SpeechCodec:
    ladders = {
        ("nb", 20): ("6000", "7000", "8000", "10000", "12000", "16000"),
        ("nb", 60): ("5000", "6000", "7000", "8000", "10000", "12000"),
        ("wb", 20): ("8000", "10000", "12000", "16000", "20000", "24000"),
        ("wb", 60): ("8000", "10000", "12000", "14000", "16000"),
    }
    rate = RATES[band]
    options = ("-c:a", "libopus", "-vbr", "on", "-application", "voip", "-frame_duration", str(frame_ms))
    return SpeechCodec(
        f"opus{frame_ms}",
        f"Opus {frame_ms} ms",
        band,
        f"libopus by ffmpeg, VBR, voip, {frame_ms} ms frames, complexity 10",
        f"opus {frame_ms} {identity}",
        ladders[band, frame_ms],
        partial(_ffmpeg_encode, program, rate, "ogg", options),
        partial(_ffmpeg_decode, program, rate, "ogg"),
        lambda data, _setting, _samples: _ogg_payload_bits(data, OPUS_HEADERS),
    )


def _ffmpeg_encode(
    program: str, rate: int, container: str, options: tuple[str, ...], samples: Samples, setting: str
) -> bytes:
    source = ("-f", "s16le", "-ar", str(rate), "-ac", "1", "-i", "pipe:0")
    return _run([program, "-v", "error", *source, *options, "-b:a", setting, "-f", container, "pipe:1"], samples)


def _ffmpeg_decode(program: str, rate: int, container: str, data: bytes, _setting: str) -> Samples:
    target = ("-f", "s16le", "-ar", str(rate), "-ac", "1", "pipe:1")
    return _samples(_run([program, "-v", "error", "-f", container, "-i", "pipe:0", *target], data))


def _speex(band: str) -> tuple[list[SpeechCodec], str]:
    encoder, decoder = shutil.which("speexenc"), shutil.which("speexdec")
    if encoder is None or decoder is None:
        return [], "Speex is skipped: speexenc and speexdec are not installed"
    identity = f"{_digest(encoder)} {_digest(decoder)}"
    constant, variable = (
        (("0", "1", "2", "3", "5", "7"), ("2", "3", "4", "5", "6", "8"))
        if band == "nb"
        else (("2", "3", "4", "5", "6"), ("3", "4", "5", "6", "8"))
    )
    rate = RATES[band]
    wide = "--narrowband" if band == "nb" else "--wideband"

    def encode(options: tuple[str, ...], samples: Samples, setting: str) -> bytes:
        command = [encoder, wide, "--rate", str(rate), "--le", *options, "--quality", setting, "-", "-"]
        return _run(command, samples)

    def decode(data: bytes, _setting: str) -> Samples:
        return _samples(_run([decoder, "-", "-"], data))

    return [
        SpeechCodec(
            name,
            label,
            band,
            f"speexenc {' '.join(options)}".strip(),
            f"{name} {identity}",
            ladder,
            partial(encode, options),
            decode,
            lambda data, _setting, _samples: _ogg_payload_bits(data, SPEEX_HEADERS),
        )
        for name, label, options, ladder in (
            ("speex", "Speex", (), constant),
            ("speexvbr", "Speex VBR", ("--vbr",), variable),
        )
    ], ""


def _codec2(band: str) -> tuple[list[SpeechCodec], str]:
    if band != "nb":
        return [], ""
    encoder, decoder = shutil.which("c2enc"), shutil.which("c2dec")
    if encoder is None or decoder is None:
        return [], "Codec2 is skipped: c2enc and c2dec are not installed"
    return [
        SpeechCodec(
            "codec2",
            "Codec2",
            band,
            "c2enc",
            f"codec2 modes {_digest(encoder)} {_digest(decoder)}",
            tuple(CODEC2_FRAMES),
            lambda samples, setting: _run([encoder, setting, "-", "-"], samples),
            lambda data, setting: _samples(_run([decoder, setting, "-", "-"], data)),
            _codec2_bits,
            modes=True,
        )
    ], ""


def _codec2_bits(data: bytes, setting: str, _samples: int) -> float:
    bits, _ = CODEC2_FRAMES[setting]
    return len(data) // (-(-bits // 8)) * bits


def _gsm(band: str) -> tuple[list[SpeechCodec], str]:
    if band != "nb":
        return [], ""
    try:
        import soundfile
    except ImportError:
        return [], "GSM is skipped: pip install soundfile"
    rate = RATES[band]

    def encode(samples: Samples, _setting: str) -> bytes:
        target = io.BytesIO()
        soundfile.write(target, samples, rate, format="WAV", subtype="GSM610")
        return target.getvalue()

    def decode(data: bytes, _setting: str) -> Samples:
        return soundfile.read(io.BytesIO(data), dtype="int16")[0]

    return [
        SpeechCodec(
            "gsm",
            "GSM full rate",
            band,
            "libgsm by libsndfile",
            f"gsm {soundfile.__libsndfile_version__}",
            ("13000",),
            encode,
            decode,
            lambda _data, _setting, samples: 260 * -(-samples // 160),  # bits of a frame of 20 ms, GSM 06.10
        )
    ], ""


def _ogg_payload_bits(data: bytes, headers: int) -> int:
    """Bits of all packets of an Ogg file but the first `headers`."""
    return 8 * sum(size for number, size in enumerate(_ogg_packets(data)) if number >= headers)


def _ogg_packets(data: bytes) -> Iterator[int]:
    """Sizes of the packets of an Ogg file (RFC 3533): runs of lacing values up to one below 255."""
    position = size = 0
    while data[position : position + 4] == b"OggS":
        segments = data[position + 26]
        lacing = data[position + 27 : position + 27 + segments]
        for value in lacing:
            size += value
            if value < 255:
                yield size
                size = 0
        position += 27 + segments + sum(lacing)


def _amr_bits(data: bytes) -> int:
    """Speech bits of an AMR-NB file (RFC 4867, section 5), without the byte that begins each frame."""
    position, bits = len(b"#!AMR\n"), 0
    while position < len(data):
        kind = data[position] >> 3 & 15
        frame = AMR_BITS[kind] if kind < len(AMR_BITS) else 0
        bits += frame
        position += 1 + -(-frame // 8)
    return bits


def _run(command: list[str], data: bytes | Samples) -> bytes:
    payload = data if isinstance(data, bytes) else data.astype("<i2").tobytes()
    return subprocess.run(command, input=payload, capture_output=True, check=True).stdout


def _samples(data: bytes) -> Samples:
    return np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.int16)


def _digest(program: str) -> str:
    return hashlib.sha256(Path(program).read_bytes()).hexdigest()[:12]
