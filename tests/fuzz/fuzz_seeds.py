"""Small valid files of every engine, made by the package itself, and inputs of its encoders."""

from __future__ import annotations

import io

import numpy as np
from fuzz_files import Document, Part, parse
from moving_pictures import moving_frames
from PIL import Image
from synthetic_speech import synthetic_speech

import vqcodec
from vqcodec.codebook.library import resolve_codebook
from vqcodec.container import load_media
from vqcodec.image.codec import engine_for
from vqcodec.speech.files import read_speech


def picture(height: int, width: int, channels: int) -> np.ndarray:
    """Return a picture with a smooth and a rough half, uint8 (height, width, channels)."""
    row, column = np.mgrid[:height, :width]
    noise = np.random.default_rng(1).integers(0, 80, (height, width))
    plane = np.where(column < width // 2, 90 + 20 * np.sin(row / 5), 2 * row + noise)
    return np.clip(np.stack([plane + 10 * channel for channel in range(channels)], 2), 0, 255).astype(np.uint8)


def documents() -> dict[str, Document]:
    """Return valid files as parts, by name; a name begins with the engine's."""
    talk = synthetic_speech(2.2, 16000).astype(np.int16)
    clip = moving_frames(7, 38, 53)
    made = {
        "image/transform grey": vqcodec.encode_image(picture(70, 83, 1), quality=60, effort=0),
        "image/transform rgba": vqcodec.encode_image(picture(40, 51, 4), quality=60, effort=0),
        "image/transform tiles": vqcodec.encode_image(picture(40, 1400, 3), quality=5, effort=0),
        "image/block rgb": vqcodec.encode_image(picture(70, 83, 3), codebook="classic-4x4-256"),
        "image/block rgba": vqcodec.encode_image(picture(40, 51, 4), codebook="classic-2x2-256"),
        "speech/celp-nb": vqcodec.encode_speech(talk, 16000, band="nb", effort=0),
        "speech/celp-wb": vqcodec.encode_speech(talk, 16000, band="wb", effort=0),
        "speech/celp-fixed": vqcodec.encode_speech(talk, 11025, codebook="celp-4800"),
        "speech/ld-celp": vqcodec.encode_speech(talk[:16000], 8000, codebook="ld-celp-16k"),
        "video/mc": vqcodec.encode_video(clip, 25, quality=40, effort=0, gop=4),
        "video/st3d": vqcodec.encode_video(clip, 25, quality=40, effort=0, codebook="video-st3d"),
    }
    return {name: document_of(data) for name, data in made.items()}


def document_of(data: bytes) -> Document:
    """Return a file as parts; one of the compact form becomes one of the chunked form."""
    if data[:1] == b"\x89":
        return parse(data)
    media = load_media(data)
    stream = media.streams[0]
    book = bytes.fromhex(resolve_codebook(media.codebook.identity_prefix).identity)
    if stream.medium == "image":
        header, packet = engine_for(stream.engine).split(stream.packets[0])
        return Document([Part(0, stream.engine, header, [(0, 0, packet)])], [], book)
    speech = read_speech(io.BytesIO(data))
    stored = speech.streams[0]
    size = int(speech.engine.coder.describe(stored.header.engine_header)["packet_samples"])
    packets = [(number, number * size, packet or b"") for number, packet in enumerate(stored.packets)]
    return Document([Part(0, stream.engine, stored.header.to_bytes(speech.engine.sample_rate), packets)], [], book)


def pictures() -> list[bytes]:
    """Return files of pictures in many formats."""
    files = []
    for name in ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP", "PPM", "ICO", "TGA"):
        for mode in ("RGB", "L", "P", "RGBA"):
            file = io.BytesIO()
            try:
                Image.fromarray(picture(24, 31, 3)).convert(mode).save(file, name)
            except (OSError, ValueError):  # the format does not have the mode
                continue
            files.append(file.getvalue())
    return files


Y4M = b"YUV4MPEG2 W16 H8 F25:1 Ip A1:1 C420jpeg\n" + (b"FRAME\n" + bytes(range(192))) * 3


def sounds() -> list[bytes]:
    """Return sound files."""
    import soundfile

    samples = np.random.default_rng(2).integers(-9000, 9000, (700, 2)).astype(np.int16)
    files = []
    for name in ("WAV", "FLAC", "OGG"):
        file = io.BytesIO()
        soundfile.write(file, samples, 11025, format=name)
        files.append(file.getvalue())
    return files
