"""What a command says of its kernels: that they have to be compiled, the one wait that nothing else explains."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from vqcodec.cli.console import Console


@contextmanager
def announce_compilation(console: Console) -> Iterator[None]:
    """While the block runs, print what kernels have to tell: once each, a line."""
    from vqcodec.kernels.notices import listening

    with listening(console.notice):
        yield
