"""Training of a speech codebook that starts from another one."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from synthetic_speech import synthetic_speech
from tiny_speech_codebook import tiny_codebook
from training_tasks import task_for

from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CodebookError, UsageError
from vqcodec.media.checkpoint import Begun, Checkpoint
from vqcodec.speech.bands import NARROWBAND, WIDEBAND
from vqcodec.speech.celp import engine
from vqcodec.speech.celp.engine import Settings
from vqcodec.speech.celp.speech_codebook import SpeechCodebook
from vqcodec.speech.excitation.costs import coded_costs
from vqcodec.speech.training import train as training
from vqcodec.speech.training.kept_parts import KeptParts
from vqcodec.speech.training.set_training import SetDesign, TrainedSet
from vqcodec.speech.training.statistics import Counts, likely_counts
from vqcodec.speech.training.train import Ladder, train


def narrowband() -> Codebook:
    """The tiny codebook of the narrow band; made once."""
    return tiny_codebook(NARROWBAND)


BEGUN = Begun("speech/celp-nb", {}, None, "00")


@pytest.fixture
def short_ladder(monkeypatch: pytest.MonkeyPatch) -> Ladder:
    """One step, for the first set of the parent."""
    design = SetDesign(0.02, 0.3, 0.1, pulse_counts=(1, 3, 6), gains=(30, 12, 6), sharpening=0.375)
    ladder = Ladder(lsf_lambdas=(0.3,), steps=((0, design),), post_filters=(3,), first=0)
    monkeypatch.setitem(training.LADDERS, "nb", ladder)
    return ladder


def test_what_starts_from_a_codebook_codes_its_own_material_better(short_ladder: Ladder) -> None:
    speech = synthetic_speech(6, 8000, seed=4)
    own = train(task_for("speech/celp-nb", [speech], rounds=2, parent=narrowband()))
    assert own.provenance["parent"] == narrowband().identity
    (lsf,) = own.provenance["lsf"]
    assert lsf["lambda"] == 0.3
    assert 1 < lsf["bits_per_frame"] < 60
    assert 0.2 < lsf["mean_db"] < 6
    assert 0 <= lsf["above_4_db"] <= lsf["above_2_db"] <= 1
    (trained,) = SpeechCodebook.of(own).sets
    parent = SpeechCodebook.of(narrowband()).sets[0]
    assert trained.aims.post_filter == 3
    assert [book.shape for book in trained.excitation.shapes] == [book.shape for book in parent.excitation.shapes]
    assert trained.lsf.sizes.tolist() == parent.lsf.sizes.tolist()
    samples = np.rint(speech).astype(np.int16)
    for book in (narrowband(), own):
        coded = engine.encode(samples, book, Settings(size=1500, effort=1, threads=1))
        error = float(((samples - coded.reconstruction.astype(float)) ** 2).sum())
        if book is narrowband():
            limit = error
    assert error < 0.9 * limit


@pytest.mark.parametrize(
    ("has_parent", "least"), [(True, "on: give at least 5 s"), (False, "scratch: give at least 60 s")]
)
def test_too_little_speech_is_refused_with_how_much_is_needed(has_parent: bool, least: str) -> None:
    parent = narrowband() if has_parent else None
    with pytest.raises(UsageError, match=rf"2\.0 s of speech are too little to train .*{least}"):
        train(task_for("speech/celp-nb", [synthetic_speech(2, 8000, seed=4)], parent=parent))


def test_the_parent_is_for_the_same_band(short_ladder: Ladder) -> None:
    with pytest.raises(UsageError, match="speech/celp-wb"):
        train(task_for("speech/celp-nb", [synthetic_speech(2, 8000, seed=4)], parent=tiny_codebook(WIDEBAND)))
    picture = Codebook("image/block", "picture", {"a": np.zeros(1, np.int16)})
    with pytest.raises(CodebookError, match="not for speech"):
        train(task_for("speech/celp-nb", [synthetic_speech(2, 8000, seed=4)], parent=picture))


def test_likely_counts_are_those_that_the_lengths_are_ideal_for() -> None:
    one = SpeechCodebook.of(narrowband()).sets[0]
    fixed_bits = one.excitation.fixed_bits(NARROWBAND)
    ideal = likely_counts(one.lengths, one.tables).ideal_costs(one.tables, fixed_bits)
    coded = coded_costs(one.lengths, one.tables, fixed_bits)
    for name in ("later_type", "lag_steps", "gains", "shapes"):
        stored = getattr(coded, name)
        assert np.abs(getattr(ideal, name) - stored)[stored > 0].max() < 0.5, name


def test_every_step_of_a_ladder_has_a_post_filter() -> None:
    for ladder in training.LADDERS.values():
        assert len(ladder.post_filters) == len(ladder.steps)
        lambdas = [design.lambda_ for _, design in ladder.steps]
        assert lambdas == sorted(lambdas, reverse=True)


def test_a_checkpoint_keeps_what_is_finished(tmp_path: Path) -> None:
    one = SpeechCodebook.of(narrowband()).sets[0]
    trained = TrainedSet(one.excitation, likely_counts(one.lengths, one.tables))
    kept = KeptParts(Checkpoint(tmp_path / "kept", BEGUN, resume=True))
    assert kept.lsf(0) is kept.table_set(0) is kept.equalizer(0) is None
    kept.keep_lsf(0, one.lsf)
    kept.keep_table_set(0, trained, 4321.0)
    kept.keep_equalizer(0, one.equalizer)
    again = KeptParts(Checkpoint(tmp_path / "kept", BEGUN, resume=True))
    lsf, found, equalizer = again.lsf(0), again.table_set(0), again.equalizer(0)
    assert lsf is not None
    assert found is not None
    assert equalizer is not None
    assert found[1] == 4321.0
    for name, array in one.excitation.to_arrays("set0").items():
        np.testing.assert_array_equal(found[0].excitation.to_arrays("set0")[name], array)
    assert found[0].excitation.sharpening == one.excitation.sharpening
    for field in fields(Counts):
        for ours, theirs in zip(getattr(found[0].counts, field.name), getattr(trained.counts, field.name), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(lsf.codewords, one.lsf.codewords)
    np.testing.assert_array_equal(equalizer.gains, one.equalizer.gains)
    assert KeptParts(Checkpoint(None)).table_set(0) is None
