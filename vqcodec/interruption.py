"""Ctrl-C that ends a work where it can be ended, so that what is done can be kept."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def asked_to_stop(kept: bool) -> Iterator[threading.Event]:
    """Give an event. If what is coded is to be kept, Ctrl-C sets it, so that no packet is half written.

    A second Ctrl-C interrupts as usual. Only the main thread can handle Ctrl-C; in others nothing changes.
    """
    stop = threading.Event()
    if not kept or threading.current_thread() is not threading.main_thread():
        yield stop
        return
    usual = signal.getsignal(signal.SIGINT)

    def ask(*_: object) -> None:
        stop.set()
        signal.signal(signal.SIGINT, usual)

    signal.signal(signal.SIGINT, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, usual)
