"""Telling the user, once, that kernels are being compiled: the one wait that nothing else explains."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vqcodec.cli.console import Console

WAIT = "half a minute for pictures or speech, a minute for video"  # all kernels of an engine, from nothing


@contextmanager
def announce_compilation(console: Console) -> Iterator[None]:
    """While the block runs, say so the first time that a kernel is compiled because it is not in the cache.

    numba announces every compilation, and nothing for kernels loaded from its cache, so that nothing has to
    be guessed from files in the cache folder. Where there are two processors, a second process then helps.
    """
    _load_compiler()
    from numba.core import event

    from vqcodec.api.warming import PROGRAM, task_beside
    from vqcodec.kernels.second_process import helped

    class Announcer(event.Listener):
        announced = False

        def on_start(self, event: event.Event) -> None:
            if not self.announced:
                self.announced = True
                console.notice(f"compiling kernels: once, about {WAIT}; `vqcodec warm` does it ahead of time")

        def on_end(self, event: event.Event) -> None:
            """Nothing to say."""

    with event.install_listener("numba:compile", Announcer()), helped(task_beside, PROGRAM):
        yield


def _load_compiler() -> None:
    """Load numba, and keep it from loading scipy where that is installed, which takes a sixth of a start.

    It would be for matrix products within kernels, of which there are none.
    """
    hidden = "scipy" not in sys.modules
    if hidden:
        sys.modules["scipy"] = None  # type: ignore[assignment]  # makes `import scipy` fail
    try:
        importlib.import_module("vqcodec.kernels.jit")  # chooses the cache folder, before numba reads it
        importlib.import_module("numba.np.arraymath")  # the module of numba that looks for scipy.linalg
    finally:
        if hidden:
            del sys.modules["scipy"]
