"""Lets the tests import the recipes of the hand-made files and the reference decoder, which are not packages."""

import sys
from pathlib import Path

for folder in ("files", "reference"):
    sys.path.insert(0, str(Path(__file__).parent / folder))
