"""Lets the tests import recipes of hand-made and golden files, the reference decoder, and what they share."""

import sys
from pathlib import Path
from typing import Any

import pytest

for folder in ("files", "fuzz", "golden", "reference", "unit"):
    sys.path.insert(0, str(Path(__file__).parent / folder))

# The first test of a browser makes the decoder for browsers, which takes minutes: one process shall, and begin so.
TOGETHER = "tests/web"
LONGEST = ("test_fuzz.py", "test_help.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first."""
    items.sort(key=lambda item: (not item.nodeid.startswith(TOGETHER), item.path.name not in LONGEST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the tests of a file, and all of browsers, in one process."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return TOGETHER if nodeid.startswith(TOGETHER) else super()._split_scope(nodeid)

    return Scheduling(config, log)
