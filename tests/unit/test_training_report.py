"""The report of a training: files that are held out, what they gain, what is used, and how the objective goes."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from moving_pictures import write_clip
from PIL import Image
from synthetic_speech import synthetic_speech

import vqcodec
from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.search.encoder import encode_planes
from vqcodec.blocks.steps import LAMBDA_FACTOR, STEP_SIZES
from vqcodec.blocks.training.outcome import CodedSums, lagrangian
from vqcodec.blocks.training.train import Wanted, collect_shard
from vqcodec.carriers.threaded import ThreadCarrier
from vqcodec.codebook.library import load_codebook
from vqcodec.errors import UsageError
from vqcodec.image.block import engine as block
from vqcodec.image.corpus import PictureCorpus
from vqcodec.media.corpora.held_out import measured
from vqcodec.media.corpora.survey import survey
from vqcodec.media.findings import Findings
from vqcodec.media.registry import find_engine
from vqcodec.metrics import psnr
from vqcodec.metrics.bjontegaard import bd_rate
from vqcodec.speech.corpus import SoundCorpus
from vqcodec.video.corpus import VideoCorpus

BLOCK: dict[str, Any] = {"engine": "block", "layout": "grey", "side": 2, "size": 8, "classes": 2, "threads": 1}


def plane(seed: int, side: int = 48) -> np.ndarray:
    """A smooth picture with noise, uint8 (side, side)."""
    y, x = np.mgrid[0:side, 0:side]
    noise = np.random.default_rng(seed).normal(0, 9, (side, side))
    return np.clip(np.rint(120 + 60 * np.sin(y / (5 + seed)) + 40 * np.cos(x / 7) + noise), 0, 255).astype(np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of 10 pictures, and a file that is none."""
    for number in range(10):
        Image.fromarray(plane(number)).save(tmp_path / f"{number}.png")
    (tmp_path / "broken.png").write_bytes(b"nothing")
    return tmp_path


def held(folder: Path, wanted: int | None) -> tuple[list[str], list[str]]:
    """The names of the files that are held out, and of those that are trained on."""
    found = survey(PictureCorpus.of([folder]), ThreadCarrier(1), hold_out=wanted)
    files = [[path.name for path in part.places if isinstance(path, Path)] for part in (found.held_out, found.files)]
    assert len(found.sizes) == len(found)
    return files[0], files[1]


def test_files_are_held_out_evenly_and_with_their_copies(folder: Path) -> None:
    plain = survey(PictureCorpus.of([folder]), ThreadCarrier(1))
    assert held(folder, 0) == ([], [f"{n}.png" for n in range(10)])
    assert held(folder, None)[0] == ["5.png"]
    assert held(folder, 3)[0] == ["1.png", "5.png", "8.png"]
    (folder / "a.png").write_bytes((folder / "5.png").read_bytes())  # the 11th, a copy of the 6th
    names, others = held(folder, None)
    assert names == ["5.png", "a.png"]
    assert others == [f"{n}.png" for n in range(10) if n != 5]
    (folder / "a.png").unlink()
    part = survey(PictureCorpus.of([folder]), ThreadCarrier(1), hold_out=1)
    (folder / "5.png").unlink()
    alone = survey(PictureCorpus.of([folder]), ThreadCarrier(1))
    assert part.fingerprint() == alone.fingerprint() != plain.fingerprint()
    for number in (7, 8, 9):
        (folder / f"{number}.png").unlink()
    assert held(folder, None)[0] == []  # 6 are too few
    with pytest.raises(UsageError, match="6 of 6 files to hold out: nothing is left to train on"):
        held(folder, 6)
    for path in folder.glob("?.png"):
        path.write_bytes((folder / "0.png").read_bytes())
    with pytest.raises(UsageError, match="all files have the same bytes"):
        held(folder, 1)


def test_one_in_twenty_is_held_out_and_at_most_sixteen(tmp_path: Path) -> None:
    for number in range(400):
        Image.fromarray(np.full((2, 2), number % 256, np.uint8)).resize((2 + number // 256, 2)).save(
            tmp_path / f"{number:03}.png"
        )
    assert len(held(tmp_path, None)[0]) == 16
    for number in range(40, 400):
        (tmp_path / f"{number:03}.png").unlink()
    assert held(tmp_path, None)[0] == ["010.png", "030.png"]


def test_the_report_of_a_block_training_has_right_values(folder: Path) -> None:
    told: dict[str, Any] = {}
    book = vqcodec.train_codebook([folder], report=told.update, **BLOCK)
    assert book.provenance["corpus"]["pictures"] == 9
    assert told["corpus"]["files"] == 11
    assert told["corpus"]["trained_on"] == 9
    assert [Path(one["file"]).name for one in told["corpus"]["left_out"]] == ["broken.png"]
    assert told["corpus"]["not_used"] == []

    held_out = told["held_out"]
    assert [Path(name).name for name in held_out["files"]] == ["5.png"]
    assert (held_out["count"], held_out["started_from"], held_out["not_measured"]) == (1, "nothing", [])
    assert held_out["compared_with"] == "classic-4x4-256"
    curves = []
    for points, codebook in ((held_out["after"], book), (held_out["before"], load_codebook("classic-4x4-256"))):
        wanted = []
        for quality in (30.0, 50.0, 70.0, 90.0):
            coded = block.encode(plane(5)[:, :, None], codebook, quality, 7)
            size = len(coded.header) + sum(map(len, coded.packets))
            wanted.append((size, psnr(plane(5), coded.reconstruction[:, :, 0])))
        assert [(point["bytes"], point["decibels"]) for point in points] == wanted
        curves += [list(column) for column in zip(*wanted)]
    gain = bd_rate(*curves)
    assert held_out["saved_share"] == (None if np.isnan(gain) else round(-gain / 100, 4))

    corpus = [plane(n) for n in range(10) if n != 5]
    vectors = np.concatenate([p.reshape(24, 2, 24, 2).swapaxes(1, 2).reshape(-1, 4) for p in corpus]).astype(float)
    codewords = book.arrays["luma.codewords"].astype(float)
    nearest = np.square(vectors[:, None] - codewords).sum(axis=2).argmin(axis=1)
    shares = np.bincount(nearest, minlength=8) / len(vectors)
    used = {one["what"]: one for one in told["usage"]}
    assert used["codewords of luma"] == {
        "what": "codewords of luma",
        "used": int(np.count_nonzero(shares)),
        "of": 8,
        "perplexity": pytest.approx(2 ** -sum(p * np.log2(p) for p in shares if p), abs=0.3),
    }
    contexts = used["contexts of luma"]
    assert 1 <= contexts["used"] <= contexts["of"] == len(book.arrays["luma.index_lengths"])

    (design,) = told["convergence"]
    expected = vqcodec.design_codebook(vectors, 8, start="k-means++", threshold=2e-4)
    assert design["what"] == "luma: design"
    assert design["values"] == pytest.approx([entry.distortion for entry in expected.history], rel=1e-6)
    assert design["values"][-1] < design["values"][0]


def test_rounds_and_stages_and_trees_tell_how_they_converge(folder: Path) -> None:
    def curves(**options: Any) -> dict[str, list[float]]:
        told: dict[str, Any] = {}
        vqcodec.train_codebook([folder], report=told.update, hold_out=0, **{**BLOCK, **options})
        assert told["held_out"]["files"] == told["held_out"]["after"] == []
        return {curve["what"]: curve["values"] for curve in told["convergence"]}

    rounds = curves(lambda_=5.0, rounds=3)
    assert list(rounds) == ["luma: design", "luma: rounds"]
    assert len(rounds["luma: rounds"]) == 4
    stages = curves(structure="multistage", size=16)
    assert list(stages) == ["luma: design of table 1", "luma: design of table 2"]
    tree = curves(structure="tree", size=8)["luma: design"]
    assert len(tree) == 7  # splits
    assert all(later < earlier for earlier, later in pairwise(tree))
    annealed = curves(method="annealing", size=4)
    assert list(annealed) == ["luma: design"]


def test_python_holds_out_nothing_if_nobody_asks_for_the_report(folder: Path) -> None:
    assert vqcodec.train_codebook([folder], **BLOCK).provenance["corpus"]["pictures"] == 10


def test_what_is_not_trained_on_is_told(folder: Path) -> None:
    told: dict[str, Any] = {}
    Image.fromarray(np.stack([plane(1), plane(2), plane(3)], axis=2)).save(folder / "colour.png")
    asked = {**BLOCK, "layout": "420", "training_vectors": 1000}
    vqcodec.train_codebook([folder], report=told.update, **asked)
    assert told["corpus"]["not_used"] == [
        "luma: the codewords are designed on one in 5 blocks (training_vectors); contexts and codes are made from all",
        "chroma: 9 grey pictures",
    ]


def test_a_codebook_of_one_rate_is_compared_in_decibels(tmp_path: Path) -> None:
    import soundfile

    soundfile.write(tmp_path / "a.wav", synthetic_speech(2, 8000, 1) / 32768, 8000)
    (tmp_path / "b.wav").write_bytes(b"nothing")
    files = SoundCorpus.of([tmp_path])
    engine, book = find_engine("speech/ld-celp"), load_codebook("ld-celp-16k")
    assert engine is not None
    same = measured(files, ThreadCarrier(1), engine, book, {}, book)
    assert (same["count"], same["saved_share"], same["gain_db"]) == (1, None, 0.0)
    assert same["after"] == same["before"]
    assert len(same["after"]) == 1
    assert [Path(one["file"]).name for one in same["not_measured"]] == ["b.wav"]
    alone = measured(files, ThreadCarrier(1), engine, book, {}, None)
    assert (alone["compared_with"], alone["gain_db"], alone["before"]) == (None, None, [])
    assert alone["after"] == same["after"]


def test_what_a_round_of_the_block_engine_costs_is_what_its_packets_take() -> None:
    model = Model.from_arrays(load_codebook("photo").arrays)
    parameters = CodingParameters(int(model.rungs[3]), tune="psnr", subsampling="grey", effort=5, restoration=False)
    picture = [plane(3, 64)]
    found, _ = collect_shard((3, [picture]), model, parameters, Wanted(False, False))
    coded = encode_planes(picture, model, parameters, 1)
    error = int(np.square(plane(3, 64).astype(int) - coded.reconstruction[0]).sum())
    assert found.coded.bits == sum(bits for part, bits in coded.bits.items() if part != "padding")
    assert (found.coded.error, found.coded.samples) == (error, 64 * 64)
    step = float(STEP_SIZES[20])
    other = CodedSums(100, 50, 10)
    assert lagrangian([other, other], [20, 20]) == pytest.approx((100 + 50 / (LAMBDA_FACTOR * step**2)) / 10)


def test_findings_count_replace_and_come_back() -> None:
    findings = Findings()
    findings.count("four equal", [[3, 3], [3, 3], [0, 0]])
    findings.count("nothing", [0, 0])
    findings.use("contexts", 2, 5)
    assert findings.as_dict()["usage"] == [
        {"what": "four equal", "used": 4, "of": 6, "perplexity": 4.0},
        {"what": "nothing", "used": 0, "of": 2, "perplexity": 0.0},
        {"what": "contexts", "used": 2, "of": 5, "perplexity": None},
    ]
    for number, value in ((1, 9.0), (2, 8.0), (3, 7.0), (2, 6.0)):  # a part that is done again begins anew
        findings.step("rounds", "dB", number, value)
    assert findings.as_dict()["convergence"] == [{"what": "rounds", "unit": "dB", "values": [9.0, 6.0]}]
    assert "memory" not in findings.as_dict()
    findings.remember(None)
    findings.not_used("brief", "two recordings")
    again = Findings()
    again.take_json(findings.to_json())
    assert again.as_dict() == findings.as_dict()
    assert again.as_dict()["memory"] is None


@pytest.mark.parametrize("engine", ["video/mc", "video/st3d", "speech/celp-nb", "image/transform"])
def test_codebooks_of_every_medium_are_measured_at_four_qualities(engine: str, tmp_path: Path) -> None:
    import soundfile

    known = find_engine(engine)
    assert known is not None
    assert known.codebook is not None
    if known.medium == "video":
        write_clip(tmp_path / "clip.y4m", 3, 48, 64)
        files: Any = VideoCorpus.of([tmp_path])
    elif known.medium == "speech":
        soundfile.write(tmp_path / "a.wav", synthetic_speech(2, 8000, 1) / 32768, 8000)
        files = SoundCorpus.of([tmp_path])
    else:
        Image.fromarray(plane(2)).save(tmp_path / "a.png")
        files = PictureCorpus.of([tmp_path])
    book = load_codebook(known.codebook)
    found = measured(files, ThreadCarrier(1), known, book, known.check_training_options({}), book)
    assert found["not_measured"] == []
    assert (found["count"], found["saved_share"], found["gain_db"]) == (1, 0.0, 0.0)
    sizes, decibels = ([point[name] for point in found["after"]] for name in ("bytes", "decibels"))
    assert len(sizes) == 4
    assert sizes == sorted(sizes)
    assert decibels == sorted(decibels)


def test_a_video_engine_whose_training_has_no_effort_is_measured_at_the_default_one(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.y4m", 3, 48, 64)
    files = VideoCorpus.of([tmp_path])
    engine = find_engine("video/st3d")
    assert engine is not None
    assert engine.codebook is not None
    book = load_codebook(engine.codebook)
    plain, default = (measured(files, ThreadCarrier(1), engine, book, asked, None) for asked in ({}, {"effort": 5}))
    assert plain["count"] == 1
    assert plain == default
