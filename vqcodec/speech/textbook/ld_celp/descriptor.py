"""The descriptor of engine `speech/ld-celp`."""

from __future__ import annotations

from vqcodec.media.engine import SpeechEngine, Warming
from vqcodec.speech.textbook.training_options import TEXTBOOK_OPTIONS

LD_CELP = SpeechEngine(
    name="speech/ld-celp",
    summary="speech, textbook: low-delay CELP at 16 kbit/s, like G.728",
    coder_reference="vqcodec.speech.textbook.ld_celp.engine",
    trainer_reference="vqcodec.speech.textbook.ld_celp.training:train",
    number=8,
    section=16,
    codebook="ld-celp-16k",
    training_options=TEXTBOOK_OPTIONS,
    warming=Warming(efforts=(None,), order=5),
    sample_rate=8000,
    band="nb",
    kbps=16.0,
    live_reference="vqcodec.speech.textbook.ld_celp.engine:open_live",
)
