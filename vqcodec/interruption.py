"""Ctrl-C that ends a work where it can be ended, so that what is done can be kept."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")

_main_waits = False  # whether the main thread waits for input, and has nothing in hand that could be lost


class StopRequest(threading.Event):
    """Set when the work should end."""

    def items(self, source: Iterable[Item]) -> Iterator[Item]:
        """Give items until the request is made; then raise KeyboardInterrupt."""
        for item in source:
            yield item
            if self.is_set():
                raise KeyboardInterrupt


@contextmanager
def waiting_for_input() -> Iterator[None]:
    """Mark a read that may wait for long, as on a pipe: Ctrl-C ends it even if the work is `asked_to_stop`."""
    global _main_waits
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _main_waits = True
    try:
        yield
    finally:
        _main_waits = False


@contextmanager
def asked_to_stop(kept: bool) -> Iterator[StopRequest]:
    """Give a request to stop. If what is coded is to be kept, Ctrl-C makes it, so that no packet is half written.

    A second Ctrl-C interrupts as usual. Only the main thread can handle Ctrl-C; in others nothing changes.
    """
    stop = StopRequest()
    if not kept or threading.current_thread() is not threading.main_thread():
        yield stop
        return
    usual = signal.getsignal(signal.SIGINT)

    def ask(*_: object) -> None:
        stop.set()
        signal.signal(signal.SIGINT, usual)
        if _main_waits:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, usual)
