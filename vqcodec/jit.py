"""Compilation and threading policy: the one place that decides how kernels are compiled and run in parallel.

Kernels are serial, take arrays and release the GIL; parallel work is a list of fixed shards handed to threads, and
results are combined in the order of the shards. So nothing depends on the number of threads, numba's threading
layers (and their fork and nesting traps) stay out, and each kernel is compiled once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from vqcodec import kernel_cache

Item = TypeVar("Item")
Result = TypeVar("Result")

kernel_cache.choose_folder()

import numba  # noqa: E402  (the cache folder must be chosen before numba reads its configuration)

numba.config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"]  # type: ignore[attr-defined]  # for the case that numba was imported before


def kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` as a kernel: cached on disk, without the GIL, IEEE arithmetic (never fastmath)."""
    return numba.njit(cache=True, nogil=True, error_model="numpy", boundscheck=False)(function)


def inline_kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` as a helper that LLVM may inline into the kernels that call it."""
    return numba.njit(cache=True, nogil=True, error_model="numpy", boundscheck=False, forceinline=True)(function)


def default_threads() -> int:
    """The number of threads to use when the caller does not say: the CPUs this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def map_shards(function: Callable[[Item], Result], shards: Iterable[Item], threads: int | None = None) -> list[Result]:
    """Apply `function` to every shard on `threads` threads; results in the order of the shards.

    The shards must not depend on `threads`, so that neither do the results.
    """
    items = list(shards)
    workers = min(threads or default_threads(), len(items))
    if workers <= 1:
        return [function(item) for item in items]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, items))
