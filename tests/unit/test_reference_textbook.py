"""The textbook speech coders and the plain decoders written from FORMAT.md agree within 1 unit of 16-bit PCM."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
import reference_celp_fixed
import reference_decoder as reference
import reference_ld_celp
from synthetic_speech import synthetic_speech
from textbook_codebooks import untrained_celp, untrained_ld

from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CorruptFileError, LimitError
from vqcodec.speech.textbook.celp import engine as celp
from vqcodec.speech.textbook.ld_celp import engine as ld_celp

LENGTH = 5003  # samples; several packets, and a last one that is not full
CODERS = {
    "celp": (celp, reference_celp_fixed, untrained_celp(4), 8),
    "celp, no post-filter": (celp, reference_celp_fixed, untrained_celp(0), 8),
    "ld": (ld_celp, reference_ld_celp, untrained_ld(), 110),
}
PARAMETERS = pytest.mark.parametrize(("coder", "plain", "book", "units"), CODERS.values(), ids=CODERS)


def plainly(codebook: Codebook) -> reference.Codebook:
    return reference.decode_codebook(codebook.to_bytes(), lambda _: [])


@PARAMETERS
def test_both_decode_speech_alike(
    coder: ModuleType, plain: ModuleType, book: Codebook, units: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coder._CODER, "packet_units", units, raising=False)
    speech = np.rint(synthetic_speech(LENGTH / 8000, 8000, seed=4)).astype(np.int16)
    coded = coder.encode(speech, book)
    assert len(coded.packets) == 3
    decoded = np.array(plain.decode(coded.header, coded.packets, plainly(book)))
    assert len(decoded) == LENGTH
    assert np.abs(decoded - coded.reconstruction).max() <= 1
    assert (decoded == coded.reconstruction).mean() > 0.999


@PARAMETERS
def test_both_decode_any_bytes_alike(coder: ModuleType, plain: ModuleType, book: Codebook, units: int) -> None:
    """Noise as fields: levels, lags and shapes that no encoder would choose; quiet ones, as loud ones clip."""
    unit = coder._CODER.band.frame
    packet = bytearray(np.random.default_rng(1).integers(0, 256, units * coder._CODER.layout.bits // 8, np.uint8))
    if unit == 240:
        packet[::18] = bytes(byte & 0x3F | 0x40 for byte in packet[::18])  # levels 16 to 31
    header = coder.encode(np.ones(unit * units, np.int16), book).header
    fast = coder.decode(header, [bytes(packet)], book)
    slow = np.array(plain.decode(header, [bytes(packet)], plainly(book)))
    assert np.abs(fast).max() > 1
    assert np.abs(fast - slow).max() <= 1


@PARAMETERS
def test_both_refuse_the_same(coder: ModuleType, plain: ModuleType, book: Codebook, units: int) -> None:
    coded = coder.encode(np.ones(300, np.int16), book)
    (packet,) = coded.packets
    classes = {CorruptFileError: reference.Corrupt, LimitError: reference.Limit}
    for header, data, error in (
        (coded.header, packet[:-1], CorruptFileError),
        (coded.header, packet + b"\0", CorruptFileError),
        (coded.header + b"\0", packet, CorruptFileError),
        (coded.header[:1], packet, CorruptFileError),
        (b"\5\0", packet, CorruptFileError),
        (b"\5\xff\xff\x7f", packet, CorruptFileError),
        (b"\xff\xff\xff\xff\x7f\1", packet, LimitError),
    ):
        with pytest.raises(error):
            coder.decode(header, [data], book)
        with pytest.raises(classes[error]):
            plain.decode(header, [data], plainly(book))
