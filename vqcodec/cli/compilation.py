"""A notice that kernels are being compiled, printed once. Without it the user would not know why nothing happens."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vqcodec.cli.console import Console

WAIT = "half a minute for pictures or speech, a minute for video"  # for all kernels of an engine, with an empty cache


@contextmanager
def announce_compilation(console: Console) -> Iterator[None]:
    """While the block runs, print a notice when the first kernel is compiled because it is not in the cache.

    numba announces every compilation, but no kernel loaded from its cache. So nothing has to be guessed from the files
    in the cache folder. On a machine with two processors a second process then helps.
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
            """Do nothing."""

    with event.install_listener("numba:compile", Announcer()), helped(task_beside, PROGRAM):
        yield


def _load_compiler() -> None:
    """Load numba without scipy, which would take a sixth of the start of a command.

    numba loads scipy, if it is installed, for matrix products in kernels. Our kernels have none.
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
