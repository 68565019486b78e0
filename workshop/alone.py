"""One command at a time changes what is installed or built in a checkout; another one waits."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from workshop.children import ROOT, say

LOCK = ROOT / "_build" / "lock"


@contextmanager
def alone() -> Iterator[None]:
    """Hold the lock of this checkout; the system lets go of it when its holder dies."""
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("a+b") as file:
        if not taken(file):
            say("Another command is installing or building here; waiting for it")
            while not taken(file):
                time.sleep(0.2)
        yield


def taken(file: IO[bytes]) -> bool:
    """Take the lock of an open file, if nobody has it; closing the file gives it back."""
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
