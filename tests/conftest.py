"""Lets the tests import recipes of hand-made and golden files, the reference decoder, and what they share."""

import sys
from pathlib import Path

for folder in ("files", "fuzz", "golden", "reference", "unit"):
    sys.path.insert(0, str(Path(__file__).parent / folder))
