"""Arrays that raise as soon as a NaN arises in them, for tasks that allow none on the way."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import numpy as np

from qkv_lib.practice.attempt import Attempt
from qkv_lib.practice.verdict import Finding


class NanArisesError(ArithmeticError):
    """Raised where a NaN arises."""


class Watched(np.ndarray):
    """An array whose every result is looked at, and is watched in turn."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """Compute as plain arrays do, then look."""
        if "out" in kwargs:
            kwargs["out"] = tuple(map(plain, kwargs["out"]))
        with np.errstate(all="ignore"):
            return looked_at(getattr(ufunc, method)(*map(plain, inputs), **kwargs))

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """Watch what NumPy's functions return too."""
        return looked_at(super().__array_function__(func, types, args, kwargs))


def plain(x: Any) -> Any:
    """Return an array that is not watched."""
    return x.view(np.ndarray) if isinstance(x, Watched) else x


def looked_at(result: Any) -> Any:
    """Return a result, watched, unless it holds a NaN."""
    if isinstance(result, (tuple, list)):
        return type(result)(map(looked_at, result))
    if isinstance(result, (np.ndarray, np.floating)):
        if result.dtype.kind == "f" and np.isnan(plain(result)).any():
            raise NanArisesError("0 / 0, or ∞ − ∞")
        return result.view(Watched) if isinstance(result, np.ndarray) else result
    return result


def watched_torch() -> Any:
    """Return a context in which torch's functions raise where a NaN arises."""
    if "torch" not in sys.modules:
        return contextlib.nullcontext()
    import torch
    from torch.overrides import TorchFunctionMode

    class Watch(TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            result = func(*args, **(kwargs or {}))
            real = isinstance(result, torch.Tensor) and result.is_floating_point()
            if real and bool((result != result).any()):
                raise NanArisesError("0 / 0, or ∞ − ∞")
            return result

    return Watch()


def nan_on_the_way(attempt: Attempt) -> Finding | None:
    """Look for a NaN that arises and is put right afterwards, where the task allows none."""
    if not attempt.exercise.no_nan:
        return None
    for trial in attempt.trials:
        if trial.case.kind != "masked":
            continue
        args = tuple(x.view(Watched) if isinstance(x, np.ndarray) else x for x in trial.case.args)
        with watched_torch():
            fault = trial.call(args).fault
        if fault and NanArisesError.__name__ in fault.says:
            where = fault.says.removeprefix(f"your function raises {NanArisesError.__name__}")
            says = f"a NaN arises on the way{where}"
            look = "where a row may attend to nothing, divide by 1: decide it before, on the mask"
            return Finding("nan-on-the-way", says, fault.evidence, look)
    return None
