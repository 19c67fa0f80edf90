"""Encoding, decoding, asking and comparing from Python."""

from __future__ import annotations

import dataclasses
import io
import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

import vqcodec
from vqcodec import api, metrics
from vqcodec.blocks.model.initial import initial_model
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.errors import (
    CodebookError,
    CorruptFileError,
    OutputError,
    UnreadableInputError,
    UnsupportedError,
    UsageError,
    VQCodecError,
)
from vqcodec.media.registry import default_codebook
from vqcodec.metrics.transparency import psnr_seen


def texture(channels: int) -> np.ndarray:
    """A picture, uint8 (44, 52, channels): a flat half, a slope and noise."""
    y, x = np.indices((44, 52))
    plane = np.where(x < 26, 90, 2 * y + np.random.default_rng(1).integers(0, 80, (44, 52)))
    return np.stack([plane + 10 * channel for channel in range(channels)], axis=2).astype(np.uint8)


def icc_profile() -> bytes:
    """A colour profile for RGB."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def png(samples: np.ndarray, **options: object) -> bytes:
    """`samples` as a PNG file."""
    stream = io.BytesIO()
    image = Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples)
    image.save(stream, "PNG", **options)
    return stream.getvalue()


def samples_of(data: bytes | None) -> np.ndarray:
    """The samples of a picture file."""
    assert data is not None
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.fixture(scope="module")
def picture() -> bytes:
    """A small colour picture file."""
    return png(texture(3))


@pytest.fixture(scope="module")
def coded(picture: bytes) -> bytes:
    """The picture encoded with what is the default."""
    data = api.encode(picture).data
    assert data is not None
    return data


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_report_holds_the_figures_of_what_is_decoded(channels: int) -> None:
    samples = texture(channels)
    report = api.encode(png(samples), name="t.png")
    assert report.data is not None
    decoded = samples_of(api.decode(report.data).data).reshape(samples.shape)
    assert report.psnr_db == pytest.approx(psnr_seen(samples, decoded), abs=1e-9)
    assert (report.height, report.width, report.channels) == samples.shape
    assert report.output_bytes == len(report.data)
    assert sum(report.bits.values()) == 8 * len(report.data)
    assert report.bpp == pytest.approx(8 * len(report.data) / (samples.shape[0] * samples.shape[1]))
    assert report.ratio == pytest.approx(samples.size / len(report.data))
    default = load_codebook(default_codebook("image"))
    assert (report.input, report.output, report.engine) == ("t.png", None, default.engine)
    assert (report.codebook.name, report.codebook.identity) == (default.name, default.identity)


def test_paths_bytes_and_streams_give_the_same(tmp_path: Path, picture: bytes, coded: bytes) -> None:
    source, target = tmp_path / "p.png", tmp_path / "p.vqc"
    source.write_bytes(picture)
    stream = io.BytesIO()
    assert api.encode(source, target).data is None
    api.encode(str(source), stream)
    with source.open("rb") as opened:
        assert api.encode(opened).data == coded
    assert target.read_bytes() == stream.getvalue() == coded
    decoded = io.BytesIO()
    api.decode(target, tmp_path / "q.png")
    api.decode(io.BytesIO(coded), decoded)
    assert decoded.getvalue() == (tmp_path / "q.png").read_bytes() == api.decode(coded).data


def test_threads_do_not_change_the_bytes(picture: bytes, coded: bytes) -> None:
    assert api.encode(picture, threads=1).data == api.encode(picture, threads=2).data == coded
    assert api.decode(coded, threads=1).data == api.decode(coded, threads=2).data


def test_more_quality_means_more_bytes_and_less_error(picture: bytes) -> None:
    reports = [api.encode(picture, quality=quality) for quality in (0, 50, 100)]
    sizes = [report.output_bytes for report in reports]
    errors = [report.psnr_db for report in reports]
    assert sizes == sorted(sizes)
    assert errors == sorted(errors)
    assert sizes[0] < sizes[2]
    assert errors[0] < errors[2]


def test_target_size_is_not_exceeded(picture: bytes) -> None:
    low, high = (api.encode(picture, quality=quality).output_bytes for quality in (0, 100))
    target = (low + high) // 2
    assert low <= api.encode(picture, target_size=target).output_bytes <= target


def test_target_psnr_is_approached(picture: bytes) -> None:
    low, high = (api.encode(picture, quality=quality).psnr_db for quality in (0, 100))
    target = (low + high) / 2
    assert abs(api.encode(picture, target_psnr=target).psnr_db - target) < (high - low) / 2


@pytest.mark.parametrize(
    "options",
    [
        {"quality": -1},
        {"quality": 100.5},
        {"quality": math.nan},
        {"target_psnr": 0},
        {"target_psnr": math.inf},
        {"target_size": 0},
        {"effort": 10},
        {"effort": -1},
        {"quality": 5, "target_psnr": 30},
        {"quality": 5, "target_size": 30},
        {"target_psnr": 5, "target_size": 30},
    ],
)
def test_options_out_of_range_are_refused(picture: bytes, options: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        api.encode(picture, **options)  # type: ignore[arg-type]


def test_an_option_that_the_engine_does_not_have_is_refused(picture: bytes) -> None:
    for option in ({"tune": "psnr"}, {"chroma": "420"}, {"alpha_quality": 50.0}, {"sharpness": 3}):
        with pytest.raises(UsageError, match=f"^p: image/block has no option {next(iter(option))}; "):
            api.encode(picture, codebook="classic-4x4-256", name="p", **option)


def test_options_reach_the_transform_engine() -> None:
    source, book = png(texture(4)), Codebook("image/transform", "untrained", initial_model([20, 40]).to_arrays())
    settings = {"codebook": book, "effort": 0, "quality": 30}
    sizes = {
        api.encode(source, **settings, **options).output_bytes  # type: ignore[arg-type]
        for options in ({}, {"tune": "psnr"}, {"chroma": "444"}, {"alpha_quality": 10.0})
    }
    assert len(sizes) == 4
    for options in ({"tune": "looks"}, {"chroma": "422"}, {"alpha_quality": -1.0}, {"sharpness": 3}):
        with pytest.raises(UsageError, match=r"^p: .*(choose|it has)"):
            api.encode(source, name="p", **settings, **options)  # type: ignore[arg-type]


def test_a_codebook_trained_from_a_shipped_one_is_embedded_as_the_difference() -> None:
    parent = load_codebook("classic-4x4-256")
    child = Codebook(parent.engine, "child", parent.arrays, {"parent": parent.identity})
    data = api.encode(png(texture(1)), codebook=child, embed_codebook=True).data
    assert data is not None
    assert len(data) < len(child.to_bytes()) / 10
    assert api.decode(data).width == texture(1).shape[1]


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("embed_codebook", [False, True])
def test_info_finds_every_bit_where_encoding_put_it(channels: int, embed_codebook: bool) -> None:
    source = png(texture(channels), icc_profile=icc_profile()) if embed_codebook else png(texture(channels))
    report = api.encode(source, codebook="classic-4x4-256", quality=20, embed_codebook=embed_codebook)
    assert report.data is not None
    about = api.info(report.data, bits=True)
    assert about.bits == report.bits
    assert sum(about.bits.values()) == 8 * len(report.data)
    assert ("alpha" in about.bits) == (channels in (2, 4))
    assert ("codebook" in about.bits) == ("metadata" in about.bits) == embed_codebook
    assert api.info(report.data).bits is None


def test_the_bits_of_a_transform_picture_sum_to_its_size() -> None:
    book = Codebook("image/transform", "untrained", initial_model([20, 40]).to_arrays())
    for channels in (1, 4):
        report = api.encode(png(texture(channels)), codebook=book, effort=0)
        assert report.data is not None
        about = api.info(report.data, bits=True, codebook=book)
        assert about.bits is not None
        assert sum(about.bits.values()) == 8 * len(report.data)
        assert {part: about.bits[part] for part in ("header", "container")} == {
            part: report.bits[part] for part in ("header", "container")
        }


def test_metadata_is_kept_unless_stripped() -> None:
    profile = icc_profile()
    source = png(texture(3), icc_profile=profile)
    kept, stripped = api.encode(source).data, api.encode(source, strip_metadata=True).data
    assert kept is not None
    assert stripped is not None
    assert api.info(kept).metadata == {"icc": len(profile)}
    assert api.info(stripped).metadata == {}
    decoded = api.decode(kept).data
    assert decoded is not None
    assert Image.open(io.BytesIO(decoded)).info["icc_profile"] == profile


def test_what_was_changed_in_reading_is_said() -> None:
    deep = io.BytesIO()
    Image.fromarray(texture(1)[..., 0].astype(np.uint16) << 8).save(deep, "PNG")
    assert api.encode(deep.getvalue()).notes == ("reduced from more than 8 bits a sample to 8",)


def test_progress_grows_and_may_end_the_work(tmp_path: Path, picture: bytes) -> None:
    seen: list[float] = []
    api.encode(picture, progress=seen.append)
    assert seen == sorted(seen)
    assert all(0 <= done <= 1 for done in seen)
    assert seen

    def stop(_done: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        api.encode(picture, tmp_path / "x.vqc", progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_info_reads_as_attributes_and_as_a_mapping(coded: bytes) -> None:
    about = api.info(coded, name="p.vqc")
    assert (about.width, about["height"], about["input"]) == (52, 44, "p.vqc")
    assert set(about) == {field.name for field in dataclasses.fields(about)} - {"preview"}
    assert len(dict(about)) == len(about)
    assert about.codebook.found
    with pytest.raises(KeyError):
        about["as_dict"]


def test_info_needs_no_codebook(coded: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = api.info(coded).codebook.identity
    monkeypatch.setattr("vqcodec.codebook.library.search_path", list)
    about = api.info(coded)
    assert (about.width, about.height, about.channels) == (52, 44, 3)
    assert not about.codebook.found
    assert identity.startswith(about.codebook.identity)
    with pytest.raises(CodebookError, match=about.codebook.identity):
        api.decode(coded)


def test_reports_turn_into_json(picture: bytes, coded: bytes) -> None:
    records = [
        api.encode(picture),
        api.decode(coded),
        api.info(coded),
        api.verify(coded),
        api.compare(picture, picture),
    ]
    for report in records:
        again = json.loads(json.dumps(report.as_dict(), allow_nan=False))
        assert "data" not in again
    assert again["psnr_db"] is None
    assert again["identical"] is True


def test_verify_passes_a_good_file(coded: bytes) -> None:
    report = api.verify(coded, name="p.vqc")
    assert (report.input, report.input_bytes, report.width) == ("p.vqc", len(coded), 52)
    assert report.checks == ("structure", "checksums", "codebook", "decoding")


def test_every_flipped_bit_is_noticed(coded: bytes) -> None:
    for position in range(0, 8 * len(coded), 97):
        damaged = bytearray(coded)
        damaged[position // 8] ^= 1 << position % 8
        with pytest.raises(VQCodecError, match=r"^p\.vqc: "):
            api.verify(damaged, name="p.vqc")


def test_every_truncation_is_noticed(coded: bytes) -> None:
    for length in range(0, len(coded), 61):
        with pytest.raises((CorruptFileError, UnsupportedError, CodebookError), match=r"^p\.vqc: "):
            api.verify(coded[:length], name="p.vqc")


def test_comparison_agrees_with_the_metrics(picture: bytes) -> None:
    original = texture(3)
    other = original.copy()
    other[5:20, 3:30] //= 2
    compared = api.compare(picture, png(other))
    assert compared.mse == pytest.approx(((original.astype(float) - other) ** 2).mean())
    assert compared.psnr_db == pytest.approx(10 * math.log10(255**2 / compared.mse))
    assert compared.psnr_611_db == metrics.psnr_611(original, other)
    assert compared.ssim == metrics.ssim(metrics.luma(original), metrics.luma(other))
    assert set(compared.plane_psnr_db) == {"red", "green", "blue", "y", "cb", "cr"}
    assert not compared.identical


@pytest.mark.parametrize(
    ("first", "second", "channels"), [(1, 1, 1), (1, 2, 2), (1, 3, 3), (2, 3, 4), (2, 4, 4), (3, 4, 4)]
)
def test_comparison_of_different_channels(first: int, second: int, channels: int) -> None:
    a, b = png(texture(first)), png(texture(second))
    forth, back = api.compare(a, b), api.compare(b, a)
    assert forth.channels == back.channels == channels
    assert forth.psnr_db == back.psnr_db
    assert ("alpha" in forth.plane_psnr_db) == (channels in (2, 4))


def test_alpha_alone_makes_pictures_differ() -> None:
    one, other = texture(4), texture(4)
    other[..., 3] = 7
    compared = api.compare(png(one), png(other))
    assert compared.psnr_db == pytest.approx(psnr_seen(one, other))
    assert compared.psnr_db < 20
    assert not compared.identical
    assert compared.plane_psnr_db["alpha"] < 20


def test_comparison_of_different_sizes_is_refused(picture: bytes) -> None:
    with pytest.raises(UsageError, match="b: 52x40 pixels, but a has 52x44"):
        api.compare(picture, png(texture(3)[:40]), names=("a", "b"))


def test_outputs_are_not_overwritten_unasked(tmp_path: Path, picture: bytes, coded: bytes) -> None:
    target = tmp_path / "x.vqc"
    target.write_bytes(b"precious")
    with pytest.raises(OutputError, match="exists already"):
        api.encode(picture, target)
    assert target.read_bytes() == b"precious"
    api.encode(picture, target, overwrite=True)
    assert target.read_bytes() == coded


def test_format_goes_by_extension_or_by_word(tmp_path: Path, coded: bytes) -> None:
    api.decode(coded, tmp_path / "a.ppm")
    api.decode(coded, tmp_path / "b", format=".PPM")
    assert (tmp_path / "a.ppm").read_bytes() == (tmp_path / "b").read_bytes()
    assert api.decode(coded).format == "PNG"
    with pytest.raises(UsageError, match="names no picture format"):
        api.decode(coded, tmp_path / "c.xyz")


def test_another_codebook_than_the_files_is_refused(coded: bytes, picture: bytes) -> None:
    own = load_codebook(default_codebook("image"))
    other = type(own)(own.engine, "other", own.arrays, {"note": "another identity"})
    with pytest.raises(CodebookError, match=r"^p\.vqc: "):
        api.decode(coded, codebook=other, name="p.vqc")
    report = api.encode(picture, codebook=other)
    assert report.data is not None
    assert api.decode(report.data, codebook=other).data == api.decode(coded).data
    with pytest.raises(CodebookError):
        api.decode(report.data)


def test_messages_begin_with_the_name() -> None:
    with pytest.raises(UnreadableInputError, match=r"^p\.png: "):
        api.encode(b"no picture", name="p.png")
    with pytest.raises(VQCodecError, match=r"^p\.vqc: "):
        api.decode(b"no codec file", name="p.vqc")


def test_decoding_a_picture_loads_no_other_medium(coded: bytes) -> None:
    program = (
        "import sys, vqcodec\n"
        "assert vqcodec.decode(sys.stdin.buffer.read()).data\n"
        "print(*[name for name in sys.modules if name.startswith('vqcodec.')])"
    )
    done = subprocess.run([sys.executable, "-c", program], input=coded, capture_output=True, check=True)
    loaded = done.stdout.decode().split()
    assert "vqcodec.image.codec" in loaded
    others = ("speech.codec", "speech.sound", "video.files", "video.io", "ffmpeg", "image.transform.inspection")
    assert [name for name in loaded if name.removeprefix("vqcodec.").startswith(others)] == []


@pytest.mark.parametrize(
    ("encode", "codebook"),
    [
        (lambda book: vqcodec.encode_image(np.zeros((8, 8), np.uint8), codebook=book), "screen"),
        (lambda book: vqcodec.encode_speech(np.zeros(800, np.int16), 8000, codebook=book), "graphic"),
        (lambda book: vqcodec.encode_video([np.zeros((8, 8, 3), np.uint8)], rate=5, codebook=book), "graphic"),
    ],
)
def test_a_codebook_for_another_medium_is_named(encode: Callable[[str], bytes], codebook: str) -> None:
    with pytest.raises(CodebookError, match=rf"codebook {codebook} is for \w+/\w+, not for"):
        encode(codebook)
