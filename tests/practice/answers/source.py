"""Learners' code as text, so that a mistake is what it is in life: one edit of a right answer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

import qkv_lib


@dataclass(frozen=True)
class Answers:
    """Right answers by style, and edits of one of them with the mistake each one makes.

    An edit is (mistake, old text, new text[, style]); the style is ``numpy`` unless given.
    """

    right: dict[str, str]
    edits: tuple[tuple[str, ...], ...]

    def edited(self, edit: tuple[str, ...]) -> str:
        _, old, new, *style = edit
        source = self.right[style[0] if style else "numpy"]
        assert old in source, f"{old!r} is not in the answer it should change"
        return source.replace(old, new)


def function(source: str) -> Any:
    """Run the source as a notebook cell would and return the first function it defines."""
    names: dict[str, Any] = {
        "F": torch.nn.functional, "math": math, "np": np, "qkv_lib": qkv_lib, "torch": torch,
    }  # fmt: skip
    before = set(names)
    exec(compile(source, "<cell>", "exec"), names)
    return next(value for name, value in names.items() if name not in before | {"__builtins__"})
