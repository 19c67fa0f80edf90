"""A new measure of `compare` takes a function in `vqcodec.metrics` and a field of a report, and nothing else."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Annotated

import numpy as np
import pytest

from vqcodec.cli.wording.common import measure_texts
from vqcodec.metrics.perceptual import MEASURES, MODULES, measure_hearing
from vqcodec.metrics.pictures import measure_pictures
from vqcodec.reports.base import Label, Report
from vqcodec.reports.image import Comparison
from vqcodec.reports.speech import SpeechComparison


@dataclass(frozen=True)
class Measured(Report):
    plain: float
    error_db: Annotated[float, Label("error", decibels=True)]
    likeness: Annotated[float | None, Label("likeness", 2)]


@pytest.mark.parametrize(
    ("error", "likeness", "texts"),
    [
        (31.416, 0.987, {"error": "31.42 dB", "likeness": "0.99"}),
        (math.inf, None, {"error": "exact"}),
    ],
)
def test_labelled_fields_are_printed(error: float, likeness: float | None, texts: dict[str, str]) -> None:
    assert measure_texts(Measured(1.0, error, likeness)) == texts


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_measures_of_pictures_are_fields_of_their_report(channels: int) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (16, 16, channels), dtype=np.uint8)
    assert set(measure_pictures(picture, 255 - picture)) <= {item.name for item in fields(Comparison)}


def test_models_of_hearing_are_fields_of_their_report(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(MEASURES) <= {item.name for item in fields(SpeechComparison)}
    assert {model for model, _ in MEASURES.values()} == set(MODULES)
    monkeypatch.setattr("vqcodec.metrics.perceptual.available", list)
    assert measure_hearing([1, 2], [1, 2], 8000) == dict.fromkeys(MEASURES)
