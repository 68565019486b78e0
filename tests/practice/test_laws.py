"""What the engine says without any list: laws, traits, lines and curves, terms, places."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from qkv_lib import attention, softmax
from qkv_lib.practice import grade
from qkv_lib.practice.exercises import EXERCISES


def gaussian(query, key, bandwidth):
    return softmax((query @ key.mT - 0.7 * (key**2).sum(-1)) / bandwidth**2)


def flatter(scores):
    return 0.8 * softmax(scores) + 0.2 / scores.shape[-1]


def bent(scores):
    return softmax(np.arcsinh(scores))


def with_cubes(places, offset, strength):
    return -strength * (places[..., None, :] - places[..., :, None] - offset) ** 3


def added_to_all(x, W_1, W_2):
    return EXERCISES["pre-norm"].reference(x, W_1, W_2) + 0.25


def last_head(weights):
    return EXERCISES["share-on-mark"].reference(weights[..., -1:, :, :])


def shortest(lengths, *rest):
    alike = np.broadcast_to(lengths.min(-1, keepdims=True), lengths.shape)
    return EXERCISES["step-intensity"].reference(alike, *rest)


SAID = {
    "a law of two arguments": ("gaussian-by-dots", gaussian, "law",
        "If 1 is added to all of query and of key, your result must stay as it is, and"),
    "a mixture": ("softmax-rows", flatter, "mixture", "0.8 times the right one, and 0.2 times"),
    "rows in the right order": ("softmax-rows", bent, "bent",
        "The rows of your result are flatter than they should be, in the right order."),
    "a trait": ("offset-scores", with_cubes, "trait", "No number of your result may be above 0."),
    "one for all": ("share-on-mark", last_head, "weights-last-matrix",
        "Only the last of the matrices of weights counts."),
    "the smallest for all": ("step-intensity", shortest, "lengths-smallest-number",
        "The smallest among the numbers of each row of lengths stand for all."),
    "a constant": ("pre-norm", added_to_all, "addend", "Every number is too large by 0.25."),
}  # fmt: skip


@pytest.mark.parametrize(("name", "yours", "mistake", "says"), SAID.values(), ids=SAID)
def test_what_an_unlisted_mistake_is_told(name, yours, mistake, says):
    verdict = grade(name, partial(yours))  # whose code cannot be read
    assert verdict.mistake == mistake
    assert says in verdict.text


def test_one_number_is_told_without_a_place():
    verdict = grade("reciprocal-rank", lambda similarity, _: similarity.sum() * 0 + 0.125)
    assert "; yours is 0.125" in verdict.stages.symptom


def test_an_array_of_another_dtype_is_told_where_it_comes_from():
    def last_tokens(query, key, value):
        n, m = query.shape[-2], key.shape[-2]
        front = np.zeros((*query.shape[:-2], m - n, query.shape[-1]))
        return attention(np.concatenate([front, query], -2), key, value, causal=True)[..., -n:, :]

    verdict = grade("bottom-right", last_tokens)
    assert "TypeError" in verdict.text
    assert verdict.stages.look == (
        "`np.zeros` and `np.ones` make float64: give new arrays the dtype of the arguments."
    )


@pytest.mark.parametrize("wrong", [
    lambda n, window: (np.minimum(n, window).astype(np.int32) ** 2).astype(np.int32),
    lambda n, window: n.astype(np.float32) * np.float32(window),
])  # fmt: skip
def test_what_was_wrong_before_it_ran_over_is_not_told_that_it_ran_over(wrong):
    assert grade("window-pairs", wrong).mistake not in {"overflown", "few-digits"}


@pytest.mark.parametrize(("name", "listed", "blamed"), [
    ("bottom-right", "offset-subtracted", "truncated"),
    ("decoder-attention", "zeros-with-padding", "real-unused"),
])  # fmt: skip
def test_zeros_are_not_blamed_on_what_leaves_zeros_too(monkeypatch, name, listed, blamed):
    mistakes = EXERCISES[name].mistakes
    wrong = next(mistake.wrong for mistake in mistakes if mistake.name == listed)
    others = tuple(mistake for mistake in mistakes if mistake.name != listed)
    monkeypatch.setitem(EXERCISES, name, replace(EXERCISES[name], mistakes=others))
    verdict = grade(name, wrong)
    assert verdict.status == "wrong"
    assert blamed not in verdict.mistake


def test_a_list_is_told_how_it_becomes_an_array():
    verdict = grade("softmax-rows", lambda scores: softmax(scores).tolist())
    assert verdict.stages.look == "np.array(…) makes one."
