"""What is read off the code of an answer: the edit that makes it right, sizes that do not fit."""

import functools

import numpy as np
import pytest

from qkv_lib import softmax
from qkv_lib.language import VARIABLE
from qkv_lib.practice import grade
from qkv_lib.practice.exercises import EXERCISES
from qkv_lib.practice.mend import source_of


def no_keepdims(scores):
    top = np.exp(scores - scores.max(-1))
    return top / top.sum(-1, keepdims=True)


def from_the_front(scores):
    top = np.exp(scores - scores.max(axis=1, keepdims=True))
    return top / top.sum(axis=1, keepdims=True)


def smallest_subtracted(scores):
    top = np.exp(scores - scores.min(-1, keepdims=True))
    return top / top.sum(-1, keepdims=True)


def with_an_epsilon(scores):
    top = np.exp(scores - scores.max(-1, keepdims=True))
    return top / (top.sum(-1, keepdims=True) + 0.01)


def reversed_axes(query, key, new_query):
    G = np.linalg.pinv(query) @ new_query
    return key @ np.linalg.inv(G).T


def two_of_all(x, mask):
    if x.shape[-2] == 2:
        return x.mean(-2)
    real = mask[..., None]
    return (x * real).sum(-2) / np.maximum(real.sum(-2), 1)


def width_for_height(images, size):
    *batch, height, width = images.shape
    cut = images.reshape(*batch, width // size, size, width // size, size)
    return cut.swapaxes(-3, -2).reshape(*batch, height * width // size**2, size**2)


def without_letters_for_a_batch(weights):
    return np.einsum("qk->k", weights)


def one_axis_less(output, weight, value):
    return (output - weight[..., None] * value) / (1 - weight[..., None])


def another_logarithm(scores, counts):
    with np.errstate(divide="ignore"):
        return softmax(scores + np.log10(counts))


MENDED = {
    "an axis lost": ("softmax-rows", no_keepdims, "no-keepdims",
        "`scores.max(-1)` loses the axis along which it goes."),
    "an axis from the front": ("softmax-rows", from_the_front, "from-the-front",
        "`scores.max(axis=1, keepdims=True)` counts from the front"),
    "a function for another": ("softmax-rows", smallest_subtracted, "stands-for",
        "min stands where max belongs."),
    "a term": ("softmax-rows", with_an_epsilon, "too-many",
        "`0.01` is too many in `top.sum(-1, keepdims=True) + 0.01`."),
    "all axes reversed": ("matching-keys", reversed_axes, "all-axes-reversed",
        "`np.linalg.inv(G).T` turns the axes of a batch too."),
    "a case apart": ("mean-pooling", two_of_all, "case-apart",
        "the case `x.shape[-2] == 2` is treated apart, and is like all."),
    "a name for another": ("patches", width_for_height, "stands-for",
        "width stands where height belongs."),
    "no letters for a batch": ("received", without_letters_for_a_batch, "einsum-without-batch",
        "`qk->k` has no place for the axes of a batch."),
    "an axis missing": ("left-out", one_axis_less, "axis-missing",
        "`value` lacks an axis there."),
    "a logarithm": ("repeated", another_logarithm, "stands-for",
        "log10 stands where log belongs."),
}  # fmt: skip


@pytest.mark.parametrize(("name", "yours", "mistake", "says"), MENDED.values(), ids=MENDED)
def test_the_edit_that_makes_an_answer_right_is_its_mistake(name, yours, mistake, says):
    verdict = grade(name, yours)
    assert verdict.mistake == mistake
    assert verdict.stages.mistake.startswith("Line ")
    assert says in verdict.stages.mistake


def test_the_line_is_that_of_the_file():
    verdict = grade("softmax-rows", no_keepdims)
    line = no_keepdims.__code__.co_firstlineno + 1
    assert verdict.stages.mistake.startswith(f"Line {line}: ")
    assert "ValueError" in verdict.stages.symptom


def test_a_function_stays_as_it_was():
    before = no_keepdims.__code__.co_code
    grade("softmax-rows", no_keepdims)
    assert no_keepdims.__code__.co_code == before


def test_the_edit_of_a_line_is_told_in_chinese(monkeypatch):
    monkeypatch.setenv(VARIABLE, "zh_CN")
    stages = grade("softmax-rows", no_keepdims).stages
    assert "`scores.max(-1)`把它所沿的轴丢掉了" in stages.mistake


def endless(scores):
    while scores.ndim > 5:
        pass
    return scores


def test_code_that_is_not_there_or_may_not_end_is_not_edited():
    assert source_of(functools.partial(no_keepdims)) is None
    assert source_of(endless) is None
    assert source_of(len) is None


def unlike_its_source(scores):
    return scores


def test_code_that_has_changed_is_not_edited():
    namespace = {}
    text = "\n" * (unlike_its_source.__code__.co_firstlineno - 1) + (
        "def unlike_its_source(x):\n    return 2 * x"
    )
    exec(compile(text, __file__, "exec"), namespace)
    assert source_of(unlike_its_source) is not None
    assert source_of(namespace["unlike_its_source"]) is None


def reference(name):
    return EXERCISES[name].reference


def for_one_sequence(state, query, key, value, strength):
    error = value - key @ state
    state = state + strength * np.outer(key, error)
    return query @ state, state


def for_one_axis(x, mask):
    return (x * mask[..., None]).sum(1) / np.maximum(mask.sum(1), 1)[:, None]


def in_another_order(*args):
    output, state, total = reference("linear-step")(*args)
    return state, total, output


def with_the_sink(scores, sink):
    beta = np.broadcast_to(sink[:, None, None], (*scores.shape[:-1], 1))
    return softmax(np.concatenate([scores, beta], -1))


def all_with_all(maps, coverage):
    return (maps @ coverage.T) / maps.sum(-1, keepdims=True)


def of_keys_alone(lengths, n_keys):
    return reference("padding-mask")(lengths, n_keys)[..., : max(lengths.max(), 1)]


def no_mask_no_answer(x, query, mask=None):
    return reference("attention-pooling")(x, query, mask & True)


def inverse_of_queries(query, key, new_query):
    G = np.linalg.inv(query) @ new_query
    return key @ np.linalg.inv(G).swapaxes(-1, -2)


def ones_and_zeros(lengths, n_keys):
    return reference("padding-mask")(lengths, n_keys).astype(float)


def overflows(scores, counts):
    copies = counts * np.exp(scores)
    return copies / copies.sum(-1, keepdims=True)


def heads_by_turns(query, key, value, n_heads):
    output = reference("length-first")(query, key, value, n_heads)
    parts = output.reshape(*output.shape[:-1], n_heads, -1)
    return parts.swapaxes(-1, -2).reshape(output.shape)


def one_by_one(weights):
    return (weights[..., j].sum(-1) for j in range(weights.shape[-1]))


def scaled_and_before(X, i, W_Q, W_K, W_V):
    return softmax((X[i - 1] @ W_Q) @ (X @ W_K).T) @ (X @ W_V)


SAID = {
    "a batch": ("delta-step", for_one_sequence, "One sequence comes out right, a batch not"),
    "one leading axis": ("mean-pooling", for_one_axis, "Right only where x has 3 axes"),
    "the order of results": ("linear-step", in_another_order,
        "The results come back in another order: state, total and output."),
    "something more": ("sink-weights", with_the_sink, "ends with something that is not asked for"),
    "pairs": ("map-mass", all_with_all, "Your result pairs each element with every other"),
    "something less": ("padding-mask", of_keys_alone, "The last ones of your result are missing"),
    "None": ("attention-pooling", no_mask_no_answer, "Here mask is left out, and None comes in."),
    "an inverse": ("matching-keys", inverse_of_queries, "a matrix that is not square"),
    "a dtype": ("padding-mask", ones_and_zeros, "0 and 1 come back where False and True"),
    "large numbers": ("repeated", overflows, "exp of large numbers is infinite"),
    "two orders": ("length-first", heads_by_turns, "takes its columns"),
    "a generator": ("received", one_by_one, "a generator: a recipe for numbers"),
    "two mistakes": ("handed-over", scaled_and_before, "Two things: the scores are not divided"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "yours", "says"), SAID.values(), ids=SAID)
def test_a_symptom_gets_a_name(name, yours, says):
    verdict = grade(name, functools.partial(yours))
    assert says in verdict.text


def nothing_is_infinite(mask, query):
    return np.where(mask, np.inf, 0.0).astype(query.dtype)


def test_zero_and_infinity_are_not_taken_for_one_over_each_other():
    assert "one over" not in grade("mask-to-bias", nothing_is_infinite).text


def with_a_fixed_tolerance(scores):
    symmetric = np.isclose(scores, scores.swapaxes(-1, -2)).all(axis=(-2, -1))
    return symmetric & (np.linalg.eigvalsh(scores).min(axis=-1) >= -1e-12)


def test_a_tolerance_goes_by_the_size_of_the_scores():
    assert grade("one-map", with_a_fixed_tolerance).status == "wrong"
