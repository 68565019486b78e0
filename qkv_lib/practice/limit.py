"""A limit on the time that a learner's function may take, wherever threads are to be had.

The function runs in a thread of its own; when its calls have used up the limit, an exception is
raised inside it, and after a moment of grace it is left behind. Where there are no threads, as in
WebAssembly, it runs here and without a limit.
"""

from __future__ import annotations

import contextvars
import ctypes
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

LIMIT = 10.0
"""Seconds that all the calls of an answer together may take."""
GRACE = 1.0
"""Seconds that an answer gets to stop when it is told to."""


class Stopped(BaseException):
    """Raised inside an answer whose time is over."""


class Clock:
    """How long a learner's function has run, over all its calls; nothing else counts.

    ``shown`` is what the call that runs was called with, in words.
    """

    def __init__(self) -> None:
        self.calls = 0
        self.over = False
        self.shown = ""
        self._spent = 0.0
        self._since: float | None = None

    def spent(self) -> float:
        """Return the seconds so far, those of the call that runs included."""
        since = self._since
        return self._spent + (0.0 if since is None else time.perf_counter() - since)

    def start(self, shown: str) -> None:
        """Begin a call; no call begins when the time is over."""
        if self.over:
            raise Stopped
        self.calls += 1
        self.shown = shown
        self._since = time.perf_counter()

    def stop(self) -> None:
        """End a call."""
        self._spent, self._since = self.spent(), None
        if self.over:
            raise Stopped


def within(clock: Clock, work: Callable[[], Any]) -> Any:
    """Return what ``work`` returns, or None when its calls took longer than the limit."""
    results: list[Any] = []
    errors: list[BaseException] = []
    context = contextvars.copy_context()

    def run() -> None:
        try:
            results.append(context.run(work))
        except BaseException as error:  # Stopped, or a fault of the machinery
            errors.append(error)

    worker = threading.Thread(target=run, daemon=True)
    try:
        worker.start()
    except RuntimeError:  # no threads here
        return work()
    try:
        while worker.is_alive() and clock.spent() < LIMIT:
            worker.join(0.05)
    finally:  # also when the learner presses Stop
        if worker.is_alive():
            clock.over = True
            _stop(worker)
    if errors and not isinstance(errors[0], Stopped):
        raise errors[0]
    return results[0] if results else None


def _stop(worker: threading.Thread) -> None:
    """Raise `Stopped` in a thread until it ends, or until the moment of grace is over."""
    end = time.perf_counter() + GRACE
    while worker.is_alive() and time.perf_counter() < end:
        if sys.implementation.name == "cpython":
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(worker.ident or 0), ctypes.py_object(Stopped)
            )
        worker.join(0.05)
