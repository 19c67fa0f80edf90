"""Speech in the browser: within 1 of what Python decodes, and the same errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from browser_decoder import CODEBOOKS, compact, outcomes

import vqcodec
from vqcodec.codebook.library import load_codebook
from vqcodec.container.compact import MAGIC as COMPACT
from vqcodec.errors import VQCodecError

TESTS = Path(__file__).parents[1]
GOLDEN = TESTS / "golden" / "speech"
SAMPLES = TESTS.parent / "samples"
MOST_DIFFERENCE = 1  # FORMAT.md, 14
ENGINES = ("speech-nb", "speech-wb", "celp-4800", "ld-celp-16k")
QUICK = {"speech-nb": {"effort": 0}, "speech-wb": {"effort": 0}}


@pytest.fixture(scope="module")
def talk():
    """Five seconds of speech, a pause of one, and speech again; int16, 16 kHz."""
    man, _ = soundfile.read(SAMPLES / "librispeech-1688-man.flac", dtype="int16", stop=5 * 16000)
    woman, _ = soundfile.read(SAMPLES / "librispeech-3331-woman.flac", dtype="int16", start=16000, stop=3 * 16000)
    return np.concatenate([man, np.zeros(16000, np.int16), woman])


def check_same(decoder, files, output, codebooks=CODEBOOKS):
    """Each file has the given samples, int16 (samples,) or (samples, channels), at the codec's rate."""
    found = outcomes(decoder, [file for file, _ in files], codebooks, way="speech", output=output)
    for (file, samples), one in zip(files, found, strict=True):
        assert "result" in one, (file.name, one)
        channels = one["result"]["channels"]
        decoded = np.fromfile(output / f"{file.name}.s16", np.int16).reshape(channels, -1).T
        wanted = samples.reshape(len(samples), -1)
        assert decoded.shape == wanted.shape, file.name
        assert np.abs(decoded.astype(int) - wanted).max() <= MOST_DIFFERENCE, file.name
    return found


def test_golden_speech_is_the_frozen_one(decoder, tmp_path):
    for name in ENGINES:
        frozen, rate = soundfile.read(GOLDEN / f"{name}.flac", dtype="int16")
        (found,) = check_same(decoder, [(GOLDEN / f"{name}.vqc", frozen)], tmp_path, [GOLDEN / f"{name}.vqcb"])
        assert found["result"]["rate"] == rate


@pytest.mark.parametrize("name", ENGINES)
def test_fresh_speech_of_each_codebook(name, decoder, talk, tmp_path):
    """At several rates, of few and many packets, of two channels, with pauses, from another sampling rate."""
    rates = {"speech-nb": (2, 5, 12), "speech-wb": (5, 16)}.get(name, ())
    ways = {f"{rate}k": (talk, 16000, {"bitrate": rate}) for rate in rates}
    ways |= {
        "short": (talk[:9000], 16000, {}),
        "stereo": (np.stack([talk, talk[::-1]], axis=1)[:40000], 16000, {"channels": "keep"}),
        "other-rate": (talk[20000:50000], 11025, {}),
        "one-sample": (talk[3000:3001], 16000, {}),
    }
    files = []
    for kind, (samples, rate, options) in ways.items():
        file = tmp_path / f"{kind}.vqc"
        file.write_bytes(vqcodec.encode_speech(samples, rate, codebook=name, **QUICK.get(name, {}), **options))
        files.append((file, vqcodec.decode_speech(file.read_bytes(), rate="codec")[0]))
    found = {
        file.stem: one["result"] for (file, _), one in zip(files, check_same(decoder, files, tmp_path), strict=True)
    }
    assert (found["other-rate"]["sourceRate"], found["other-rate"]["sourceLength"]) == (11025, 30000)


@pytest.mark.parametrize("name", ENGINES)
def test_damage_behind_right_checksums_ends_as_in_python(name, decoder, talk, tmp_path):
    """In compact files whose bytes are changed at random and whose checksum is made right again."""
    chance = np.random.default_rng(5)
    codebook = load_codebook(name)
    whole = vqcodec.encode_speech(talk[:32000], 16000, codebook=codebook, **QUICK.get(name, {}))
    assert whole.startswith(COMPACT)
    files = []
    for number in range(60):
        body = bytearray(whole[7:-4])
        for at in chance.integers(0, len(body) if number % 2 else 12, chance.integers(1, 3)):
            body[at] = chance.integers(256)
        if number % 6 == 0:
            del body[chance.integers(0, len(body)) :]
        file = tmp_path / f"{number}.vqc"
        file.write_bytes(compact(whole[2:3], codebook, body))
        files.append(file)
    wanted = {file: decoded(file) for file in files}
    wrong = [file for file in files if isinstance(wanted[file], VQCodecError)]
    assert len(wrong) > 10
    for file, found in zip(wrong, outcomes(decoder, wrong, way="speech", output=tmp_path), strict=True):
        assert found.get("error") == type(wanted[file]).__name__, (file.name, found, wanted[file])
    check_same(decoder, [(file, wanted[file]) for file in files if file not in wrong], tmp_path)


def decoded(file):
    """What Python decodes a file to: samples, or an error."""
    try:
        return vqcodec.decode_speech(file.read_bytes(), rate="codec")[0]
    except VQCodecError as error:
        return error


def test_speech_that_was_encoded_while_it_came(decoder, talk, tmp_path):
    """Its length stands at its end."""
    file = tmp_path / "live.vqc"
    with vqcodec.SpeechWriter(file, 16000, codebook="speech-nb", effort=0) as writer:
        for start in range(0, 50000, 7000):
            writer.write(talk[start : start + 7000])
    check_same(decoder, [(file, vqcodec.decode_speech(file.read_bytes(), rate="codec")[0])], tmp_path)


def test_a_picture_is_no_speech(decoder, tmp_path):
    picture = TESTS / "golden" / "block-pixel-30.vqc"
    (found,) = outcomes(decoder, [picture], way="speech", output=tmp_path)
    assert found["error"] == "UnsupportedError"
    (found,) = outcomes(decoder, [GOLDEN / "speech-nb.vqc"], [GOLDEN / "speech-nb.vqcb"])
    assert found["error"] == "UnsupportedError"
