"""Training of a memory: candidates, choice, tables, report."""

import numpy as np
import pytest
from moving_pictures import moving_frames
from tiny_video_codebook import tiny_video_codebook
from training_tasks import task_for
from video_memory import background, clip_before

from vqcodec.codebook.memory import Memory
from vqcodec.video.engines import Settings
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc import engine
from vqcodec.video.mc.training.memory_candidates import BACKGROUND, FRAME, gather
from vqcodec.video.mc.training.memory_tables import fitted_tables
from vqcodec.video.mc.training.memory_training import MemoryTrainer
from vqcodec.video.mc.training.train import train


def task_of(clips, **more):
    return task_for("video/mc", clips, parent=tiny_video_codebook(), rounds=0, effort=1, **more)


def corpus_of(*clips):
    return task_of(clips).corpus


def darker(frame, by=60):
    return Frame(np.maximum(frame.luma, by) - np.uint8(by), frame.blue, frame.red)


def test_a_background_leaves_out_what_moves():
    scene = background()
    found = gather(corpus_of(clip_before(scene, 16)))
    (still,) = [candidate for candidate in found.candidates if candidate.kind == BACKGROUND]
    wrong = np.abs(still.frame.luma.astype(int) - scene.luma) > 3
    assert wrong.mean() < 0.03
    assert np.mean(np.abs(found.candidates[-1].frame.luma.astype(int) - scene.luma) > 3) > 0.03
    assert found.alone == [True]


def test_each_light_has_a_background_of_its_own():
    scene = background()
    day, night = clip_before(scene, 16), clip_before(darker(scene), 16)
    found = gather(corpus_of(day, night, day, night, moving_frames(9, 32, 32)))
    joined = [candidate for candidate in found.candidates if len(candidate.clips) > 1]
    assert [sorted(candidate.clips) for candidate in joined] == [[0, 2], [1, 3]]
    assert abs(float(joined[0].frame.luma.mean()) - float(scene.luma.mean())) < 3
    assert found.alone == [False] * 4 + [True]


def test_a_candidate_does_not_serve_its_own_clip():
    found = gather(corpus_of(clip_before(background(), 30), clip_before(background(), 30)))
    frame = next(c for c in found.candidates if c.kind == FRAME and c.clips == {0})
    joined = next(c for c in found.candidates if len(c.clips) == 2)
    assert not frame.may_serve(0, 24, alone=False)
    assert frame.may_serve(1, 0, alone=False)
    assert joined.may_serve(0, 0, alone=False)
    assert not frame.may_serve(0, 40, alone=True)
    assert frame.may_serve(0, 400, alone=True)


def test_a_long_corpus_is_thinned():
    clip = [background(16, 16)] * 900
    found = gather(corpus_of(*[clip] * 6))
    assert len(found.candidates) < 400
    assert 50 < len(found.first_frames) < 150


def trainer_of(*clips, files=500, budget=None):
    model = engine.model_of(tiny_video_codebook())
    return MemoryTrainer(gather(corpus_of(*clips)), model, files=files, budget=budget, effort=1, threads=1), model


@pytest.fixture(scope="module")
def scenes():
    """Clips before two scenes, and one that is like no other."""
    first, second = background(), background(seed=7)
    return [*(clip_before(scene, 14) for scene in (first, second, first, second)), moving_frames(14, 44, 60)]


def test_both_scenes_are_remembered_and_what_is_like_no_other_is_not(scenes):
    trainer, model = trainer_of(*scenes)
    found = trainer.train()
    held = [set(origin.clips) for origin in found.origins]
    for scene in ({0, 2}, {1, 3}):
        assert any(clips & scene for clips in held)
    assert {4} not in held
    assert all(item["saves_bytes"] > item["bytes"] for item in found.report)
    assert len(found.memory) == len(found.report)
    tables, saved = fitted_tables(found, model, 1, 1)
    assert tables is not None
    assert saved > 0


def test_a_budget_is_kept(scenes):
    found = trainer_of(*scenes, budget=1500)[0].train()
    assert 0 < sum(map(len, found.memory)) <= 1500
    assert trainer_of(*scenes, budget=20)[0].train() is None


def test_nothing_is_remembered_for_few_files_or_where_nothing_repeats(scenes):
    assert trainer_of(*scenes, files=1)[0].train() is None
    different = [moving_frames(8, 44, 60, seed=n) for n in range(3)]
    assert trainer_of(*different, files=10)[0].train() is None


@pytest.mark.slow
def test_training_gives_a_codebook_that_saves_and_says_so(scenes):
    tasks = [task_of(scenes, for_=2000, threads=threads) for threads in (1, 2)]
    books = [train(task) for task in tasks]
    assert books[0].identity == books[1].identity
    report = tasks[0].findings.memory
    assert report == tasks[1].findings.memory
    memory = Memory.from_arrays(books[0].arrays)
    assert report["bytes"] == sum(map(len, memory))
    assert report["held_out"]["saved_share"] > 0.1
    assert report["pays_from_files"] < 2000
    assert books[0].provenance["parent"] == tiny_video_codebook().identity
    assert abs(len(books[0].to_bytes(tiny_video_codebook())) - report["codebook_bytes"]) < 600
    fresh = clip_before(background(), 9)
    settings = Settings(quality=50, effort=2, threads=1)
    own, other = (engine.encode_group(fresh, book, settings) for book in (books[0], tiny_video_codebook()))
    assert len(own.packet) < 0.6 * len(other.packet)
    decoded = engine.decode_group(own.packet, 60, 44, books[0])
    assert all(np.array_equal(a.luma, b.luma) for a, b in zip(decoded, own.reconstruction))


def test_no_memory_is_asked_for_or_none_pays():
    clips = [moving_frames(4, 40, 48, seed=n) for n in range(2)]
    without = task_of(clips, memory_bytes=0)
    plain = train(without)
    assert not without.findings.remembers
    assert set(plain.arrays) == set(tiny_video_codebook().arrays)
    none_pays = task_of(clips)
    train(none_pays)
    assert none_pays.findings.remembers
    assert none_pays.findings.memory is None
