"""Lets the tests import the recipes of the hand-made files, the reference decoder, and what they share."""

import sys
from pathlib import Path

for folder in ("files", "fuzz", "reference", "unit"):
    sys.path.insert(0, str(Path(__file__).parent / folder))
