"""What several exercises of this chapter share."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

import numpy as np

from qkv_lib.practice.exercise import Function

BASE = 10000.0

TOLERANCE = 3e-4
"""What angles made in float32, as published code makes them, stray by at position 2,000."""


FREQUENCY_LOOK = "pair l of d features has the frequency 10000 ** (−2l/d), l = 0, 1, …, d/2 − 1"


PLACE_LOOK = "the angle is positions[t] times the frequency, as the positions are given"


def frequencies(exponent: Function) -> Function:
    """Return angles, from a function of pair number and width to the exponent of the base."""
    return lambda positions, d: positions[..., None] * BASE ** exponent(np.arange(d // 2), d)


PAIRS = frequencies(lambda pair, d: -2 * pair / d)


FREQUENCIES = (
    ("exponent-without-2", "the frequencies are the roots of the right ones: the 2 is missing in "
     "the exponent, or the base is 100", lambda pair, d: -pair / d),
    ("another-base", "the base is 1,000", lambda pair, d: -1.5 * pair / d),
    ("another-base", "the base is 100,000", lambda pair, d: -2.5 * pair / d),
    ("another-base", "the base is 500,000", lambda pair, d: -2.849485 * pair / d),
    ("another-base", "the base is 1,000,000", lambda pair, d: -3 * pair / d),
    ("exponent-by-one-less", "the exponent is divided by d − 1, or by d/2 − 1 pairs",
     lambda pair, d: -2 * pair / max(d - 2, 1)),
    ("natural-base", "the base is e", lambda pair, d: -2 * pair / d / np.log(10000.0)),
    ("base-missing", "every pair turns at the same frequency 1", lambda pair, d: 0.0 * pair),
    ("growing-frequencies", "the frequencies grow: the exponent has the wrong sign",
     lambda pair, d: 2 * pair / d),
    ("exponent-by-pairs", "the exponent is −4l/d: 2l is divided by the number of pairs",
     lambda pair, d: -4 * pair / d),
    ("frequencies-reversed", "the frequencies stand in reverse order",
     lambda pair, d: -2 * (d // 2 - 1 - pair) / d),
    ("pairs-from-1", "the pairs are counted from 1", lambda pair, d: -2 * (pair + 1) / d),
)  # fmt: skip
