"""Messages of errors: one printable line, whatever the file says."""

from __future__ import annotations

import pytest

import vqcodec
from vqcodec import errors

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.VQCodecError)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_is_one_printable_line(kind: type[errors.VQCodecError]) -> None:
    message = str(kind("a\nb\x1b[31m \udcff: größer\u2028"))
    assert message == "a\\nb\\x1b[31m \\udcff: größer\\u2028"


@pytest.mark.parametrize("word", ["F\x10:1", "C\x1b[2J", "W\x07", "A1:\x9b"])
def test_text_of_a_video_does_not_reach_the_terminal(word: str) -> None:
    head = f"YUV4MPEG2 W16 H8 F25:1 {word}\n".encode("latin-1")
    with pytest.raises(errors.VQCodecError) as caught:
        vqcodec.encode(head + b"FRAME\n" + bytes(192), medium="video", codebook="video-st3d")
    assert str(caught.value).isprintable()
