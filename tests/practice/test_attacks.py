"""Answers written from the notebooks' text alone, before the graders were read.

The files in `attacks/` hold them: `=== exercise | signature`, then `-- right name` or
`-- wrong name` with the body of the function. The bar: no wrong answer passes, no right one is
refused, and of ten wrong ones at most one is told only that the numbers differ.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from qkv_lib import attention, attention_steps, causal_mask, softmax
from qkv_lib.practice import grade, limit
from qkv_lib.practice.exercises import EXERCISES
from qkv_lib.variants.linear import elu_plus_one
from tests.practice.answers.source import function

HERE = Path(__file__).parent / "attacks"
IMPORTED = {
    "attention": attention, "attention_steps": attention_steps, "causal_mask": causal_mask,
    "softmax": softmax, "phi": elu_plus_one,
}  # fmt: skip
"""What a notebook has imported by then."""

FOUND = {
    ("softmax-rows", "divided by sqrt n"): "scores-scaled",
    ("look-back", "rolled"): "rows-moved",
    ("sinusoidal", "degrees"): "degrees",
    ("one-map", "all false"): "constant",
    ("one-map", "cholesky"): "refuses-zero",
    ("one-map", "det with slack"): "accepts-below-zero",
    ("one-map", "exact symmetry"): "refuses-rounding",
    ("patches", "height and width swapped"): "other-places",
    ("keras-kernel", "transposed wrong axes"): "axes",
    ("mask-and-bias", "small fill"): "mask-leak",
    ("bottom-right", "double offset"): "mask-ignored",
    ("bottom-right", "triangle turned"): "triangle-turned",
    ("crossover", "ff doubled"): "feed-forward-twice",
    ("beam-step", "indices"): "whole-numbers",
    ("window-pairs", "n log"): "too-small",
    ("leave-one-out", "sorted order"): "other-places",
    ("induction-score", "token before"): "token-before",
    ("induction-score", "rows and columns swapped"): "above-the-diagonal",
    ("induction-score", "crossed slices"): "all-pairs",
    ("induction-score", "last missing"): "early-end",
    ("step-intensity", "mean per sequence"): "ratios-averaged",
    ("step-intensity", "2 only below"): "weighted-sum-forgotten",
    ("step-intensity", "size of the cache only"): "weights-not-bytes",
    ("absorbed-scores", "summed over heads"): "heads-added",
    ("absorbed-scores", "up_key not transposed"): "map-reshaped",
    ("absorbed-scores", "causal"): "causal",
    ("tree-mask", "zero is no parent"): "zero-is-no-parent",
    ("tree-mask", "grandparents only"): "two-generations",
    ("tree-mask", "parents counted in the text"): "places-not-moved",
    ("tree-mask", "siblings"): "siblings-of-all",
    ("tree-mask", "depth"): "shallower",
    ("sink-weights", "filled with a finite"): "finite-fill",
    ("sink-weights", "sink in front, last dropped"): "sink-column-kept",
    ("sink-weights", "clipped scores"): "clipped",
    ("delta-step", "written under the query"): "written-under-the-query",
    ("delta-step", "old state returned"): "old-state-returned",
    ("delta-step", "mean strength"): "strength-averaged",
    ("scores-gradient", "weights twice"): "weights-inside",
    ("scores-gradient", "D squared output"): "output-squared",
    ("alignment-share", "empty in one sequence"): "without-a-span-in-one",
    ("alignment-share", "axis kept"): "in-a-list",
    ("beam-step", "no infinity"): "unmasked-minus",
    ("mask-and-bias", "zero bias hidden"): "zero-bias-hidden",
    ("mask-and-bias", "peak from 0"): "peak-from-0",
    ("mask-and-bias", "penalty"): "finite-fill",
    ("mask-to-bias", "full rows shown"): "rows-that-allow-all",
    ("mask-to-bias", "minus hundred"): "large-not-infinite",
    ("mask-to-bias", "nan"): "nan-for-hidden",
    ("mask-to-bias", "ones"): "true-for-1",
    ("evenness", "small epsilon"): "nearly",
    ("evenness", "four keys"): "fixed-number-of-keys",
    ("online-merge", "cut off"): "peaks-cut-off",
    ("cache-bytes", "exchanged"): "heads-exchanged",
    ("offset-scores", "offset unsigned"): "offset-unsigned",
    ("pre-norm", "norm twice"): "norm-twice",
    ("sink-weights", "peak from 0"): "peak-from-0",
    ("sink-weights", "clipped at 50"): "cut-off",
    ("step-intensity", "mean length"): "only-when",
    ("share-on-mark", "axis kept"): "in-a-list",
    ("share-on-mark", "last row"): "last-row",
    ("handed-over", "column of the weights"): "column-of-weights",
    ("hard-lookup", "zeros where nothing is above 0"): "zeros-below-0",
    ("hard-lookup", "one best for the whole matrix"): "best-of-all+first-row-only",
    ("weights-from-distances", "nan_to_num"): "far-zeros",
    ("leave-one-out", "the mean of the others"): "known_x-unused",
    ("one-map", "cholesky for the whole stack"): "same-everywhere",
    ("softmax-rows", "computed in float32"): "few-digits",
    ("padding-mask", "slice from minus 0"): "full-hidden",
    ("padding-mask", "slice that stops before the last"): "last-seen",
    ("masked-attention", "plain mean of what is seen"): "query-unused",
    ("masked-attention", "mask forgotten for batches"): "mask-ignored",
    ("masked-attention", "hidden afterwards, then divided"): "masked-too-late",
    ("attention", "one batch after the other in one long text"): "batch-leak",
    ("scale-by-width", "rounded root"): "input-factor",
    ("score-for-weight", "root inside the logarithm"): "root-in-the-log",
    ("look-back", "the sign of the distance lost"): "always-back",
    ("attention-pooling", "filled with −50"): "finite-fill",
    ("attention-pooling", "the mean where there is no mask"): "query-not-used",
    ("causal-eval", "after the softmax in evaluation"): "mask-after-softmax",
    ("causal-eval", "mean of what came before"): "query-unused",
    ("decode-step", "causal only behind a past"): "mask-ignored",
    ("decode-step", "the last new token alone"): "last-only",
    ("softmax-rows", "tanh of the scores"): "scores-bounded",
    ("softmax-rows", "mixed with the mean"): "mixture",
    ("softmax-rows", "divided by the largest"): "scores-over-its-maximum",
    ("gaussian-by-dots", "the norm of the keys three times"): "law",
    ("gaussian-by-dots", "sums for norms"): "law",
    ("attention", "distances"): "distances",
    ("attention", "width from the front"): "query-scaled",
    ("mean-pooling", "the first mask for all"): "mask-first-of-batch",
    ("additive-scores", "softsign"): "other-curve",
    ("handed-over", "the next word"): "i-one-more",
    ("pre-norm", "half of x"): "addend",
    ("scores-gradient", "a root of the weights"): "trait",
    ("scores-gradient", "the sign of a sum lost"): "law",
    ("convolution-by-heads", "softmax over the taps"): "law",
    ("offset-scores", "a cube"): "trait",
    ("offset-scores", "a logarithm"): "law",
    ("cache-bytes", "the mean of the lengths"): "same-everywhere",
    ("window-pairs", "32 bits"): "overflown",
    ("running-count", "at most 10"): "stuck",
    ("two-layers", "the mean of both maps"): "mixture",
    ("window-pairs", "32 bits on the way"): "overflown",
    ("window-pairs", "float32 on the way"): "few-digits",
    ("window-pairs", "the digits of float32"): "few-digits",
    ("masked-attention", "nan_to_num over an overflow"): "overflow",
    ("bottom-right", "offset with the wrong sign"): "offset-subtracted",
    ("handed-over", "root of 4 from the page"): "fixed-number",
    ("handed-over", "root of 2"): "fixed-number",
    ("sink-weights", "the sink itself in the sum"): "not-exponentiated-shifted",
    ("sink-weights", "exp of the sink without the peak"): "sink-not-shifted",
    ("sink-weights", "softmax times 1 minus sigmoid"): "sink-after-softmax",
    ("decoder-attention", "no scale in self-attention"): "no-scaling",
    ("decoder-attention", "no scale in both"): "no-scaling",
    ("decoder-attention", "residual in both"): "residual",
    ("decoder-attention", "asks with the sum"): "asks-with-the-sum",
    ("decoder-attention", "transposed mask"): "transposed-mask",
    ("decoder-attention", "zeros with padding"): "zeros-with-padding",
    ("length-first", "heads taken for the width"): "heads-for-width",
    ("pre-norm", "exact GELU"): "another-bend",
    ("pre-norm", "softplus"): "another-bend",
    ("two-layers", "layer norm between"): "normalised-between",
    ("mask-to-bias", "finfo min divided by 2"): "unmasked-minus",
    ("online-merge", "normalised outputs"): "depends",
    ("rollout", "the residual of the first block forgotten"): "one-block-without",
    ("rollout", "heads multiplied as if they were blocks"): "heads-multiplied",
    ("rollout", "identity added, rows not halved but softmaxed"): "softmax-of-the-sum",
    ("two-layers", "causal in the second layer"): "future-hidden",
    ("two-layers", "scale of d_model in the second layer"): "root-of-d_model",
    ("previous-score", "last word does not ask"): "last-word-silent",
    ("induction-score", "two tokens after"): "two-on",
    ("layer-mask", "repeated along the queries"): "rows-repeated",
    ("bottom-right", "mask from a flipped triangle"): "triangle-turned",
    ("online-merge", "u left unscaled for the second"): "one-side-added",
    ("scores-gradient", "scale forgotten"): "scores-not-scaled",
    ("scores-gradient", "log-sum-exp along the keys"): "divided-by-the-logarithm",
    ("convolution-by-heads", "first tap skipped"): "first-tap-missing",
    ("share-on-mark", "the class token in place of the first patch"): "token-0",
    ("handed-over", "its own value added"): "own-value-added",
    ("mask-and-bias", "bias only where hidden"): "mask-leak",
    ("mean-pooling", "the real words from the end"): "real-ones-last",
    ("mean-pooling", "divided by the longest of the batch"): "divided-by-the-longest",
    ("decode-step", "empty past returns the value"): "returns-value",
    ("evenness", "log of the mean of the row"): "divided-by-the-largest",
    ("crossover", "width of a head counted for keys"): "heads-for-width",
    ("crossover", "keys and values with twice their width"): "keys-and-values-twice",
    ("score-for-weight", "w and 1 - w exchanged"): "weight-and-rest-exchanged",
    ("repeated", "counts from a half up"): "never-said-counts",
    ("hard-lookup", "scores rounded to one digit"): "depends",
    ("hard-lookup", "scores cut to whole numbers"): "depends",
    ("leave-one-out", "own part taken away from the prediction"): "own-part-taken-away",
    ("leave-one-out", "own kernel taken away from both sums"): "own-part-taken-away",
    ("masked-attention", "one maximum for all, NaN made 0"): "stuck",
    ("masked-attention", "hidden scores 20 below the smallest"): "mask-leak",
    ("one-map", "one answer for the whole batch"): "same-everywhere",
    ("one-map", "one hundred thousandth, whatever the size"): "accepts-below-zero",
    ("one-map", "very little room, whatever the size"): "refuses-zero",
    ("scale-by-width", "the root of all heads in batches"): "root-of-d_model",
    ("sink-weights", "the sink clipped at 50"): "stuck",
    ("sink-weights", "no peak, NaN made 0"): "stuck",
    ("absorbed-scores", "latent without an axis for the heads"): "lengths-differ",
}  # fmt: skip
"""What some of them are to be told."""


class Attack(NamedTuple):
    right: bool
    name: str
    source: str


def read(file: Path) -> Iterator[tuple[str, list[Attack]]]:
    """Yield the answers to each exercise of a file."""
    for block in re.split(r"^=== ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        head, answers = block.split("\n", 1)
        exercise, signature = map(str.strip, head.split("|"))
        attacks = []
        for answer in re.split(r"^-- ", answers, flags=re.MULTILINE)[1:]:
            label, body = answer.split("\n", 1)
            kind, name = label.split(" ", 1)
            attacks.append(Attack(kind == "right", name, f"{signature}\n{body}"))
        yield exercise, attacks


ATTACKS = [
    pytest.param(exercise, attacks, id=f"{exercise}-{file.stem}")
    for file in sorted(HERE.glob("*.txt"))
    for exercise, attacks in read(file)
]


def handed_in(attack: Attack):
    """Return the function, with what the notebook has imported."""
    answer = function(attack.source)
    answer.__globals__.update(IMPORTED)
    return answer


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Let no busy machine call an answer too slow."""
    monkeypatch.setattr(limit, "LIMIT", 300.0)


@pytest.mark.parametrize(("exercise", "attacks"), ATTACKS)
def test_no_wrong_answer_passes_and_no_right_one_is_refused(exercise, attacks):
    verdicts = {attack: grade(exercise, handed_in(attack)) for attack in attacks}
    judged_wrongly = [
        (attack.name, verdict.text)
        for attack, verdict in verdicts.items()
        if attack.right != (verdict.status == "right")
    ]
    assert not judged_wrongly
    unnamed = [a.name for a, verdict in verdicts.items() if verdict.mistake == "different"]
    assert len(unnamed) <= max(3, len(attacks) // 10)
    for attack, verdict in verdicts.items():
        expected = FOUND.get((exercise, attack.name), verdict.mistake)
        assert verdict.mistake == expected, (attack.name, verdict.text)


def test_every_exercise_was_attacked():
    assert {each.values[0] for each in ATTACKS} == set(EXERCISES)
    names = {(each.values[0], attack.name) for each in ATTACKS for attack in each.values[1]}
    assert set(FOUND) <= names
