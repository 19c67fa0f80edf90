"""The fuzzer with a fixed seed, for a short time: all engines, changed codebooks, and inputs of the encoders.

Longer: `make fuzz`, or `make fuzz SECONDS=600`.
"""

from __future__ import annotations

import sys

import fuzz
import pytest

SECONDS = 90.0  # at most
ROUNDS = 4  # trials of each target: about a minute


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="measures memory by /proc")
def test_no_changed_file_does_anything_but_decode_or_end_in_a_named_error() -> None:
    *found, counted = list(fuzz.findings(SECONDS, seed=1, rounds=ROUNDS))
    assert not found, "\n".join(found)
    assert " trials: " in counted
