"""Lets the tests import recipes of hand-made and golden files, the reference decoder, and what they share."""

import sys
from pathlib import Path

import pytest

for folder in ("files", "fuzz", "golden", "reference", "unit"):
    sys.path.insert(0, str(Path(__file__).parent / folder))

# The first test of a browser makes the decoder for browsers, which takes minutes: one process shall, and begin so.
TOGETHER = "web"
LONGEST = ("test_fuzz.py", "test_help.py")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file, and all of browsers, in one process; what takes longest comes first."""
    for item in items:
        together = item.path.parent.name == TOGETHER
        item.add_marker(pytest.mark.xdist_group(TOGETHER if together else item.path.stem))
    items.sort(key=lambda item: (item.path.parent.name != TOGETHER, item.path.name not in LONGEST))
