"""What several exercises of this chapter share."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

import numpy as np

from qkv_lib.practice.exercise import Function, Property, Trial

BASE = 10000.0


FREQUENCY_LOOK = "pair l of d features has the frequency 10000 ** (−2l/d), l = 0, 1, …, d/2 − 1"


PLACE_LOOK = "the angle is positions[t] times the frequency, as the positions are given"


def single_precision(trial: Trial) -> str | None:
    """Right to about seven digits, where sixteen are kept."""
    yours, expected = trial.first.values[0], trial.expected[0]
    off = float(np.max(np.abs(yours - expected), initial=0))
    near = 1e-7 < off < 1e-4 * max(1.0, float(np.max(np.abs(expected), initial=0)))
    if not near or yours.dtype != np.float64:
        return None
    return f"the largest error is {off:.0e}, which float64 does not make"


SINGLE_PRECISION = Property(
    "single-precision", "nearly right: the angles seem to be computed in float32",
    "make them in float64; torch.arange needs dtype=torch.float64 for that", single_precision,
)  # fmt: skip


def frequencies(exponent: Function) -> Function:
    """Return angles, from a function of pair number and width to the exponent of the base."""
    return lambda positions, d: positions[..., None] * BASE ** exponent(np.arange(d // 2), d)


PAIRS = frequencies(lambda pair, d: -2 * pair / d)


FREQUENCIES = (
    ("exponent-without-2", "the exponent is −l/d: the 2 is missing", lambda pair, d: -pair / d),
    ("base-missing", "every pair turns at the same frequency 1", lambda pair, d: 0.0 * pair),
    ("growing-frequencies", "the frequencies grow: the exponent has the wrong sign",
     lambda pair, d: 2 * pair / d),
    ("exponent-by-pairs", "the exponent is −4l/d: 2l is divided by the number of pairs",
     lambda pair, d: -4 * pair / d),
    ("pairs-from-1", "the pairs are counted from 1", lambda pair, d: -2 * (pair + 1) / d),
)  # fmt: skip
