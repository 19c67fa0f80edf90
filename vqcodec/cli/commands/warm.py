"""`vqcodec warm`."""

from __future__ import annotations

import os
import time

from vqcodec.cli.console import Console
from vqcodec.cli.options import common as options

EXAMPLES = options.examples("vqcodec warm", "vqcodec warm --quiet && vqcodec encode photo.png -o photo.vqc")


def warm(
    quiet: options.Quiet = False,
    no_progress: options.NoProgress = False,
    debug: options.Debug = False,
) -> None:
    """Compile all kernels ahead of time.

    No later command then has to wait for it. They are kept in the user's cache folder, or where
    NUMBA_CACHE_DIR says.
    """
    console = Console(quiet=quiet, no_progress=no_progress, debug=debug)
    started = time.perf_counter()
    with console.progress("compiling kernels", 1) as progress:
        from vqcodec.api.warming import compile_kernels

        compile_kernels(lambda done: progress(0, done))
    console.text(f"kernels ready in {os.environ['NUMBA_CACHE_DIR']}, {time.perf_counter() - started:.1f} s")
