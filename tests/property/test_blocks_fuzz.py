"""Whatever the payload, decoding ends in planes or in a named error."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vqcodec.blocks.decoding.decoder import decode_planes
from vqcodec.blocks.model.initial import initial_model
from vqcodec.blocks.parameters import SUBSAMPLINGS, CodingParameters
from vqcodec.blocks.picture_planes import plane_shape
from vqcodec.blocks.search.encoder import encode_planes
from vqcodec.errors import CorruptFileError

MODEL = initial_model([24, 44])


@given(
    payload=st.binary(max_size=400),
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    step=st.integers(0, 63),
    subsampling=st.sampled_from(SUBSAMPLINGS),
    tune=st.sampled_from(["psnr", "ssim"]),
)
@settings(max_examples=300, deadline=None)
def test_any_bytes_decode_or_are_refused(payload, height, width, step, subsampling, tune):
    parameters = CodingParameters(step, subsampling=subsampling, tune=tune, restoration=False)
    planes = 1 if subsampling == "grey" else 3
    shapes = [plane_shape((height, width), index, subsampling) for index in range(planes)]
    try:
        decoded = decode_planes([payload], shapes, MODEL, parameters, threads=1, dtype=np.int16)
    except CorruptFileError:
        return
    assert all(plane.min() >= 0 and plane.max() <= 255 << 4 for plane in decoded)


@pytest.fixture(scope="module")
def coded():
    y, x = np.mgrid[0:80, 0:72]
    planes = [(128 + 90 * np.sin(x * y / 300.0)).astype(np.uint8) for _ in range(3)]
    parameters = CodingParameters(20, subsampling="444", effort=1, tune="ssim")
    return encode_planes(planes, MODEL, parameters, threads=1)


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_flipped_bits_decode_or_are_refused(coded, data):
    payload = bytearray(coded.payloads[0])
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    cut = data.draw(st.one_of(st.just(len(payload)), st.integers(0, len(payload))))
    try:
        planes = decode_planes([bytes(payload[:cut])], [(80, 72)] * 3, MODEL, coded.parameters, threads=1)
    except CorruptFileError:
        return
    assert [plane.shape for plane in planes] == [(80, 72)] * 3
