"""Bytes behind what a file needs are damage, and every way of reading in full says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from moving_pictures import moving_frames
from synthetic_speech import synthetic_speech

import vqcodec
from vqcodec.codebook.library import resolve_codebook
from vqcodec.container import dump_media, load_media
from vqcodec.container.wrapping import reference_to
from vqcodec.errors import CorruptFileError


def picture(codebook: str) -> bytes:
    samples = np.random.default_rng(1).integers(0, 255, (20, 30, 3), np.uint8)
    return vqcodec.encode_image(samples, codebook=codebook, quality=30)


def speech(codebook: str) -> bytes:
    return vqcodec.encode_speech(synthetic_speech(0.5, 8000).astype(np.int16), 8000, codebook=codebook)


def video(codebook: str) -> bytes:
    return vqcodec.encode_video(moving_frames(4, 38, 53), 25, codebook=codebook, quality=30, effort=0)


MADE = [
    (picture, "photo"),
    (picture, "classic-4x4-256"),
    (speech, "speech-nb"),
    (speech, "celp-4800"),
    (speech, "ld-celp-16k"),
    (video, "video"),
    (video, "video-st3d"),
]


@pytest.mark.parametrize(("make", "codebook"), MADE, ids=[codebook for _, codebook in MADE])
def test_bytes_behind_the_last_packet_are_refused(make: Callable[[str], bytes], codebook: str) -> None:
    media = load_media(make(codebook))
    stream = media.streams[0]
    longer = replace(stream, packets=[*stream.packets[:-1], stream.packets[-1] + b"\x55\xaa\x55"])
    book = reference_to(resolve_codebook(media.codebook.identity_prefix), embed=False)
    text = {"text:note": b"so that it takes the chunked form"} if stream.medium == "video" else {}
    data = dump_media(replace(media, codebook=book, streams=[longer], seal=None, metadata=text))
    for ask in (
        lambda: vqcodec.decode(data, None),
        lambda: vqcodec.verify(data),
        lambda: vqcodec.info(data, bits=True),
    ):
        with pytest.raises(CorruptFileError):
            ask()
