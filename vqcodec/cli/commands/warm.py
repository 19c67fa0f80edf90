"""`vqcodec warm`."""

from __future__ import annotations

import time

from vqcodec.cli.compilation import announce_compilation
from vqcodec.cli.console import Console
from vqcodec.cli.options import common as options

EXAMPLES = options.examples("vqcodec warm", "vqcodec warm --quiet && vqcodec encode photo.png -o photo.vqc")


def warm(
    quiet: options.Quiet = False,
    no_progress: options.NoProgress = False,
    debug: options.Debug = False,
) -> None:
    """Compile the kernels that did not come compiled.

    No later command then has to wait for it, except train-codebook: its own kernels are compiled when they are first
    used. They are kept in the user's cache folder, or where
    NUMBA_CACHE_DIR says. If they cannot be kept there, this command fails.
    `vqcodec --version --verbose` says which kernels are used.
    """
    console = Console(quiet=quiet, no_progress=no_progress, debug=debug)
    started = time.perf_counter()
    with announce_compilation(console), console.progress("compiling kernels", 1) as progress:
        from vqcodec.api.warming import compile_kernels

        where = compile_kernels(lambda done: progress(0, done))
    console.text(f"kernels are ready: {where}; {time.perf_counter() - started:.1f} s")
