"""A limit on the time that a learner's function may take, wherever threads are to be had.

The function runs in a thread of its own, and what counts is the time that a processor gives to this
thread, where the system tells it. When the calls have used up the limit, an exception is raised
inside the thread, and after a moment of grace it is left behind. Where there are no threads, as in
WebAssembly, it runs here and without a limit.
"""

from __future__ import annotations

import contextlib
import contextvars
import ctypes
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

LIMIT = 10.0
"""Seconds of a processor that all the calls of an answer together may take."""
WAIT = 6
"""How many times as long they may take by the clock on the wall: the machine may be busy."""
GRACE = 1.0
"""Seconds that an answer gets to stop when it is told to."""


class Stopped(BaseException):
    """Raised inside an answer whose time is over."""


class Clock:
    """How long a learner's function has run, over all its calls; nothing else counts.

    ``shown()`` is what the call that runs was called with, in words.
    """

    def __init__(self) -> None:
        self.calls = 0
        self.over = False
        self.shown: Callable[[], str] = str
        self._clocks: tuple[Callable[[], float], ...] = (time.perf_counter,)
        self._spent = [0.0, 0.0]
        self._since: list[float] | None = None

    def spent(self, which: int = -1) -> float:
        """Return the seconds so far, this call included; 0 is by the clock on the wall."""
        since, clocks = self._since, self._clocks
        if since is None:
            return self._spent[which]
        return self._spent[which] + clocks[which]() - since[which]

    def left(self) -> bool:
        """Tell whether the limit is not used up."""
        return self.spent() < LIMIT and self.spent(0) < WAIT * LIMIT

    @contextlib.contextmanager
    def running(self, shown: Callable[[], str]) -> Iterator[None]:
        """Count the time of one call; none begins when the time is over."""
        if self.over:
            raise Stopped
        self.calls += 1
        self.shown = shown
        self._clocks = (time.perf_counter, processor_time(threading.get_ident()))
        self._since = [clock() for clock in self._clocks]
        try:
            yield
        finally:
            self._spent, self._since = [self.spent(0), self.spent(1)], None
        if self.over:
            raise Stopped


def processor_time(thread: int) -> Callable[[], float]:
    """Return the clock of a thread that runs, or, where the system has none, that on the wall."""
    try:
        own = time.pthread_getcpuclockid(thread)
    except (AttributeError, OSError):  # Windows, and the machine in a page
        return time.perf_counter

    def seconds() -> float:
        try:
            return time.clock_gettime(own)
        except OSError:  # the thread has ended
            return 0.0

    return seconds


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
        while worker.is_alive() and clock.left():
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
