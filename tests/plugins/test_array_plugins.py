"""`.vqc` pictures and clips in imageio, numcodecs, Zarr, WebDataset and napari."""

from __future__ import annotations

import io
import json
import pickle
import tarfile
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest

import vqcodec
import vqcodec.plugins.napari
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.errors import CodebookError, CorruptFileError, UnsupportedError, UsageError
from vqcodec.plugins.chunks import ChunkSettings
from vqcodec.plugins.imageio import VqcPlugin, register
from vqcodec.plugins.napari import get_reader
from vqcodec.plugins.webdataset import decoder


@pytest.fixture(scope="module")
def volume():
    """Five slices, smooth along all axes."""
    t, y, x = np.mgrid[:5, :40, :48]
    return (128 + 60 * np.sin(x / 9 + t / 3) + 50 * np.cos(y / 8)).astype(np.uint8)


@pytest.fixture(scope="module")
def clip():
    frames = [np.full((32, 48, 3), 40 * number, np.uint8) for number in range(5)]
    return frames, vqcodec.encode_video(frames, rate=10, effort=0)


class TestChunks:
    def test_the_codebook_is_named_by_its_hash(self):
        settings = ChunkSettings(quality=60, codebook="graphic")
        assert settings.codebook == load_codebook("graphic").identity
        assert ChunkSettings(**settings.to_json()) == settings

    def test_a_codebook_outside_the_search_path_is_kept(self, volume, tmp_path):
        shipped = load_codebook("classic-4x4-256")
        own = Codebook(shipped.engine, "own", shipped.arrays, {**shipped.provenance, "parent": shipped.identity})
        (tmp_path / "own.vqcb").write_bytes(own.to_bytes())
        settings = ChunkSettings(quality=20, codebook=str(tmp_path / "own.vqcb"))
        assert settings.to_json() == {"quality": 20, "codebook": own.identity}
        for one in (settings, pickle.loads(pickle.dumps(settings))):
            data = one.encode(volume[0])
            assert np.array_equal(one.decode(data), vqcodec.decode_image(data, codebook=own))
        with pytest.raises(CodebookError, match="VQCODEC_CODEBOOK_PATH"):
            ChunkSettings(**settings.to_json())

    def test_axes_of_length_one_do_not_count(self, volume):
        settings = ChunkSettings(quality=90)
        for shape in [(1, 40, 48), (40, 48, 1), (1, 40, 1, 48), (1, 1920), (1920,)]:
            chunk = volume[0].reshape(shape)
            back = settings.decode(settings.encode(chunk), shape)
            assert back.shape == shape
            assert np.abs(back.astype(int) - chunk).mean() < 3

    @pytest.mark.parametrize("chunk", [np.zeros((4, 5, 5), np.uint8), np.zeros((8, 8), np.uint16)])
    def test_what_is_no_picture_is_refused(self, chunk):
        with pytest.raises(UsageError, match="no picture"):
            ChunkSettings().encode(chunk)

    def test_a_chunk_of_another_size_is_refused(self, volume):
        settings = ChunkSettings()
        with pytest.raises(CorruptFileError, match="chunk"):
            settings.decode(settings.encode(volume[0]), (41, 48))

    def test_codebooks_that_are_not_there_or_not_for_pictures_are_refused(self):
        with pytest.raises(CodebookError):
            ChunkSettings(codebook="0" * 64)
        with pytest.raises(UnsupportedError):
            ChunkSettings(codebook="speech-wb")


class TestZarr:
    def test_an_array_of_pictures(self, volume, tmp_path):
        zarr = pytest.importorskip("zarr")
        from vqcodec.plugins.zarr import VQCodec

        settings = {"shape": volume.shape, "chunks": (1, 40, 48), "dtype": "uint8", "compressors": None}
        array = zarr.create_array(tmp_path / "a.zarr", serializer=VQCodec(quality=80), **settings)
        array[:] = volume
        metadata = json.loads((tmp_path / "a.zarr" / "zarr.json").read_text())
        assert metadata["codecs"][0]["configuration"]["codebook"] == load_codebook("photo").identity
        again = zarr.open_array(tmp_path / "a.zarr", mode="r")
        assert np.abs(again[:].astype(int) - volume).mean() < 3
        stored = (tmp_path / "a.zarr" / "c" / "2" / "0" / "0").read_bytes()
        assert stored == vqcodec.encode_image(volume[2], quality=80)
        assert np.array_equal(again[2], vqcodec.decode_image(stored))

    def test_other_types_are_refused(self, tmp_path):
        zarr = pytest.importorskip("zarr")
        from vqcodec.plugins.zarr import VQCodec

        with pytest.raises(ValueError, match="uint8"):
            zarr.create_array(tmp_path / "a.zarr", shape=(8, 8), chunks=(8, 8), dtype="uint16", serializer=VQCodec())

    def test_numcodecs(self, volume):
        numcodecs = pytest.importorskip("numcodecs")
        from vqcodec.plugins.numcodecs import VQCodec

        numcodecs.register_codec(VQCodec)
        codec = numcodecs.get_codec({"id": "vqcodec", "quality": 80})
        assert numcodecs.get_codec(codec.get_config()).get_config() == codec.get_config()
        data = codec.encode(volume[1])
        assert data == vqcodec.encode_image(volume[1], quality=80)
        out = np.empty((40, 48), np.uint8)
        codec.decode(data, out)
        assert np.array_equal(out, vqcodec.decode_image(data))


class TestImageio:
    def test_a_picture_by_the_plugin_and_by_its_name(self, volume, tmp_path):
        path = tmp_path / "p.vqc"
        iio.imwrite(path, volume[0], plugin=VqcPlugin, quality=60)
        assert path.read_bytes() == vqcodec.encode_image(volume[0], quality=60)
        register()
        assert np.array_equal(iio.imread(path), vqcodec.decode_image(path.read_bytes()))
        assert iio.improps(path).shape == (40, 48)
        with pytest.raises(IndexError):
            iio.imread(path, index=1)
        data = iio.imwrite("<bytes>", volume[0], extension=".vqc", plugin=VqcPlugin, quality=60)
        assert data == path.read_bytes()
        assert np.array_equal(iio.imread(data, plugin=VqcPlugin), iio.imread(path))

    def test_a_clip_frame_by_frame(self, clip, tmp_path):
        frames, data = clip
        path = tmp_path / "c.vqc"
        path.write_bytes(data)
        decoded = list(iio.imiter(path, plugin=VqcPlugin))
        assert len(decoded) == len(frames)
        assert iio.improps(path, plugin=VqcPlugin).shape == (5, 32, 48, 3)
        assert iio.immeta(path, plugin=VqcPlugin)["fps"] == 10
        assert np.array_equal(iio.imread(path, plugin=VqcPlugin), np.stack(decoded))
        assert np.array_equal(iio.imread(path, index=-2, plugin=VqcPlugin), decoded[3])
        iio.imwrite(tmp_path / "d.vqc", frames, plugin=VqcPlugin, rate=10, effort=0)
        assert (tmp_path / "d.vqc").read_bytes() == data

    def test_others_are_left_to_other_plugins(self, tmp_path):
        (tmp_path / "x.vqc").write_bytes(b"no file of vqcodec")
        with pytest.raises(OSError, match="can not handle"):
            iio.imread(tmp_path / "x.vqc", plugin=VqcPlugin)


class TestLoaders:
    def test_members_of_all_media(self, volume, clip):
        picture = vqcodec.encode_image(volume[0])
        assert np.array_equal(decoder("a/7.photo.vqc", picture), vqcodec.decode_image(picture))
        assert decoder("a/7.vqc", clip[1]).shape == (5, 32, 48, 3)
        samples, rate = decoder(".vqc", vqcodec.encode_speech(np.zeros(1600, np.int16), 8000))
        assert (len(samples), rate) == (1600, 8000)
        assert decoder("7.txt", b"text") is None

    def test_webdataset(self, volume, tmp_path):
        webdataset = pytest.importorskip("webdataset")
        with tarfile.open(tmp_path / "s.tar", "w") as tar:
            for number, picture in enumerate(volume):
                member = tarfile.TarInfo(f"{number}.vqc")
                data = vqcodec.encode_image(picture, effort=0)
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
        found = list(webdataset.WebDataset(str(tmp_path / "s.tar"), shardshuffle=False).decode(decoder))
        assert [sample["vqc"].shape for sample in found] == [(40, 48)] * 5

    def test_napari(self, volume, clip, tmp_path):
        (tmp_path / "p.vqc").write_bytes(vqcodec.encode_image(volume[0]))
        (tmp_path / "c.vqc").write_bytes(clip[1])
        (tmp_path / "x.vqc").write_bytes(b"something else")
        assert get_reader(str(tmp_path / "x.vqc")) is None
        assert get_reader(str(tmp_path / "missing.vqc")) is None
        names = [str(tmp_path / "p.vqc"), str(tmp_path / "c.vqc")]
        layers = get_reader(names)(names)
        assert [(layer[0].ndim, layer[1]["rgb"], layer[2]) for layer in layers] == [
            (2, False, "image"),
            (4, True, "image"),
        ]

    def test_napari_finds_it_by_its_manifest(self, volume, tmp_path):
        npe2 = pytest.importorskip("npe2")
        (tmp_path / "p.vqc").write_bytes(vqcodec.encode_image(volume[0]))
        manifest = Path(vqcodec.plugins.napari.__file__).with_suffix(".yaml")
        with npe2.DynamicPlugin("vqcodec-test", manifest=npe2.PluginManifest.from_file(manifest)):
            layers = npe2.read([str(tmp_path / "p.vqc")], stack=False)
        assert layers[0][0].shape == (40, 48)
