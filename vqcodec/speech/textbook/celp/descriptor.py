"""The descriptor of engine `speech/celp-fixed`."""

from __future__ import annotations

from vqcodec.media.engine import SpeechEngine, Warming
from vqcodec.speech.textbook.training_options import TEXTBOOK_OPTIONS

CELP_FIXED = SpeechEngine(
    name="speech/celp-fixed",
    summary="speech, textbook: CELP at 4.8 kbit/s, like FS1016",
    coder_reference="vqcodec.speech.textbook.celp.engine",
    trainer_reference="vqcodec.speech.textbook.celp.training:train",
    number=7,
    section=15,
    codebook="celp-4800",
    training_options=TEXTBOOK_OPTIONS,
    warming=Warming(efforts=(None,), order=5),
    sample_rate=8000,
    band="nb",
    kbps=4.8,
    live_reference="vqcodec.speech.textbook.celp.engine:open_live",
)
