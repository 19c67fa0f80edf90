"""Lets the tests import recipes of hand-made and golden files, the reference decoder, and what they share."""

import sys
from pathlib import Path

import pytest

for folder in ("files", "fuzz", "golden", "reference", "unit"):
    sys.path.insert(0, str(Path(__file__).parent / folder))

LONGEST = ("test_fuzz.py", "test_help.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first, so that no process waits for another one at the end."""
    items.sort(key=lambda item: item.path.name not in LONGEST)
