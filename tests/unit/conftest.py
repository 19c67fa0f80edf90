"""What several files of tests share as fixtures."""

from __future__ import annotations

from pathlib import Path

import pytest
from packed import tiles


@pytest.fixture
def tiles_data() -> bytes:
    """A pack of pictures: those of `packed.TILES`."""
    return tiles()


@pytest.fixture
def tiles_path(tmp_path: Path, tiles_data: bytes) -> Path:
    """The same in a file."""
    path = tmp_path / "tiles.vqp"
    path.write_bytes(tiles_data)
    return path
