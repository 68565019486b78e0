"""Exercise 2.2: temperature."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator

from qkv_lib import softmax
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.exercises.shared import scaled_scores, scores_with
from qkv_lib.practice.inputs import Generator, operands
from qkv_lib.practice.mistakes import FACTORS, SOFTMAX, sums, through
from qkv_lib.practice.properties import BATCH_APART, NO_NEGATIVE, ROWS_SUM_TO_ONE

HEAT_LOOK = "divide the scaled scores by the temperature, before the softmax"


def heated(weigh: Function) -> Function:
    """Return weights under a temperature, from a function of scaled scores and temperature."""
    return lambda query, key, temperature: weigh(scaled_scores(query, key), temperature)


def temperature_inputs(rng: Generator) -> Iterator[Case]:
    """Yield queries and keys with temperatures below and above 1; never 1, which does nothing."""
    for number, case in enumerate(operands(rng)):
        yield Case(case.kind, (*case.args[:2], (0.5, 3.0, 2.0, 0.7)[number % 4]))


EXERCISE = Exercise(
    name="temperature",
    skeleton='''
def temperature_weights(query, key, temperature):
    """Return softmax(Q Kᵀ / (temperature · √d_k)).

    query: (..., n_queries, d_k)    key: (..., n_keys, d_k)    temperature: number above 0
    returns: (..., n_queries, n_keys)
    """
    ...
''',
    reference=heated(lambda scores, temperature: softmax(scores / temperature)),
    cases=temperature_inputs,
    returns={"weights": ("query", "key")},
    mistakes=(
        *through((
            Mistake("temperature-multiplies", "the scores are multiplied by the temperature",
                    HEAT_LOOK, lambda s, t: softmax(s * t)),
            Mistake("temperature-ignored", "the temperature is not used", HEAT_LOOK,
                    lambda s, t: softmax(s)),
            Mistake("temperature-after-softmax", "the weights are divided by the temperature",
                    HEAT_LOOK, lambda s, t: softmax(s) / t, sums),
            Mistake("temperature-as-power", "the weights are raised to a power and their rows no "
                    "longer sum to 1", HEAT_LOOK, lambda s, t: softmax(s) ** (1 / t), sums),
            Mistake("temperature-squared", "the temperature is squared", HEAT_LOOK,
                    lambda s, t: softmax(s / t**2)),
            Mistake("temperature-under-root", "the temperature stands under the root", HEAT_LOOK,
                    lambda s, t: softmax(s / t**0.5)),
        ), heated, evidence=sums),
        *through(FACTORS, lambda factor: lambda q, k, t: softmax(scores_with(factor)(q, k) / t),
                 leave_out=("root-of-d_v",)),
        *through(SOFTMAX, lambda weigh: heated(lambda s, t: weigh(s / t)), evidence=sums),
    ),
    properties=(ROWS_SUM_TO_ONE, NO_NEGATIVE, BATCH_APART),
)  # fmt: skip
