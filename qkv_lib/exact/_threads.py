"""Several threads over independent pieces of NumPy work."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from threading import Lock
from typing import TypeVar

Piece = TypeVar("Piece")


class _Turn:
    """How many threads BLAS may use is one number for the whole process: one call changes it."""

    lock = Lock()

    @classmethod
    def renew(cls) -> None:
        """Forget who held the lock: in a forked child that thread does not exist."""
        cls.lock = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_Turn.renew)


def in_turn(work: Callable[[Piece], None], pieces: Iterable[Piece]) -> None:
    """Call ``work`` on every piece, one after the other."""
    for piece in pieces:
        work(piece)


def in_threads(work: Callable[[Piece], None], pieces: Iterable[Piece]) -> None:
    """Call ``work`` on every piece, on as many threads as BLAS is set to use.

    BLAS itself runs on one thread meanwhile: the threads need not wait for each other at the
    end of each product, the steps between the products are shared out too, and the result is
    the same to the last bit however many threads there are.
    """
    # Here and not above: together they would take half of the time of `import qkv_lib`.
    from concurrent.futures import ThreadPoolExecutor

    try:
        from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]
    except ModuleNotFoundError:  # in a page of the book, where there are no threads either
        in_turn(work, pieces)
        return
    with _Turn.lock:
        blas = ThreadpoolController().select(user_api="blas")
        workers = max((pool["num_threads"] for pool in blas.info()), default=1)
        with blas.limit(limits=1):
            if workers == 1:
                in_turn(work, pieces)
                return
            with ThreadPoolExecutor(workers) as threads:
                for _ in threads.map(work, pieces):
                    pass
