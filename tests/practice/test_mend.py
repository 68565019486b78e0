"""What is read off the code of an answer: the edit that makes it right, sizes that do not fit."""

import functools

import numpy as np
import pytest

from qkv_lib import attention, softmax
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


def a_line_that_hides(query, key, value, past_key, past_value):
    keys = np.concatenate([past_key, key], axis=-2)
    values = np.concatenate([past_value, value], axis=-2)
    past = past_key.shape[-2]
    mask = np.tri(query.shape[-2], keys.shape[-2], past, dtype=bool)
    mask[:-1, :past] = False
    return attention(query, keys, values, mask=mask)


def a_number_below_the_scores(query, key, value, mask):
    scores = query @ key.swapaxes(-1, -2) / query.shape[-1] ** 0.5
    return softmax(np.where(mask, scores, scores - 10)) @ value


def a_large_epsilon(weights):
    return -(weights * np.log(weights + 1e-3)).sum(-1) / np.log(weights.shape[-1])


def memory_rolled(x, memory, real):
    own = attention(x, x, x, causal=True)
    rolled = np.roll(memory, 1, axis=-2)
    return own, attention(own, memory, rolled, mask=real[..., None, :])


def length_of_the_batch(lengths, n_weights, n_heads, n_kv_heads, d_head, n_blocks, size):
    held = 2 * lengths.sum(-1) * d_head * n_blocks
    multiplied = len(lengths) * n_weights + held * n_heads
    return multiplied / (size * (n_weights + held * n_kv_heads))


def past_backwards(query, key, value, past_key, past_value):
    keys = np.concatenate([past_key, key], axis=-2)
    values = np.concatenate([past_value[..., ::-1, :], value], axis=-2)
    return attention(query, keys, values, causal=True, offset=past_key.shape[-2])


def a_past_of_one_at_least(query, key, value, past_key, past_value):
    keys = np.concatenate([past_key, key], axis=-2)
    values = np.concatenate([past_value, value], axis=-2)
    return attention(query, keys, values, causal=True, offset=max(past_key.shape[-2], 1))


def other_maps_where_square(x, kernel):
    maps = kernel.swapaxes(-1, -2) if kernel.shape[1] == kernel.shape[2] else kernel
    return sum(np.eye(x.shape[-2], k=-r) @ x @ maps[r] for r in range(len(maps)))


def one_case_of_many(x, mask):
    real = mask[..., None]
    return (x * real).sum(-2) / np.maximum(real.sum(-2), 1) * mask[..., :1]


def turned_back(positions, d):
    angles = -np.outer(positions, 10000.0 ** (-2 * np.arange(d // 2) / d))
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(len(positions), d)


MENDED = {
    "a line that hides": ("decode-step", a_line_that_hides, "line-too-many",
        "`mask[:-1, :past] = False` is too many."),
    "a number for −∞": ("masked-attention", a_number_below_the_scores, "finite-number",
        "10 is a number like any other in `scores - 10`."),
    "an epsilon": ("evenness", a_large_epsilon, "large-epsilon",
        "0.001 in `weights + 0.001` is large enough to be seen."),
    "how far, not which axis": ("decoder-attention", memory_rolled, "too-many",
        "roll is too many in `np.roll(memory, 1, axis=-2)`."),
    "the length of another axis": ("step-intensity", length_of_the_batch, "wrong-axis",
        "`len(lengths)` is the size of another axis."),
    "an index": ("decode-step", past_backwards, "too-many",
        "`[..., ::-1, :]` is too many in `past_value[..., ::-1, :]`."),
    "the larger of two": ("decode-step", a_past_of_one_at_least, "too-many",
        "max is too many in `max(past_key.shape[-2], 1)`."),
    "a case by its sizes": ("convolution-by-heads", other_maps_where_square, "case-apart",
        "the case `kernel.shape[1] == kernel.shape[2]` is treated apart, and is like all."),
    "a factor that is 1 mostly": ("mean-pooling", one_case_of_many, "too-many",
        "`mask[..., :1]` is too many"),
    "a minus": ("sinusoidal", turned_back, "sign", "the minus of `-np.outer("),
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


def largest_of_an_empty_past(query, key, value, past_key, past_value):
    highest = (query @ past_key.swapaxes(-1, -2)).max()
    keys = np.concatenate([past_key, key], axis=-2)
    values = np.concatenate([past_value, value], axis=-2)
    output = attention(query, keys, values, causal=True, offset=past_key.shape[-2])
    return output if np.isfinite(highest) else np.zeros_like(output)


def test_what_merely_would_not_raise_is_no_mistake():
    verdict = grade("decode-step", largest_of_an_empty_past)
    assert "zero-size array" in verdict.text
    assert "stands where" not in verdict.text


def zero_in_float32(weights):
    return -(weights * np.log(np.clip(weights, 1e-300, None))).sum(-1) / np.log(weights.shape[-1])


def test_what_is_right_in_float64_has_its_arguments_in_order():
    verdict = grade("evenness", zero_in_float32)
    assert verdict.mistake == "not-finite"
    assert "0 · ∞" in verdict.text


def an_axis_of_none(x, query, mask=None):
    return attention(query[None], x, x, mask=mask[..., None, :])[..., 0, :]


def test_where_an_argument_is_left_out_no_edit_is_the_mistake():
    assert "mask is left out" in grade("attention-pooling", an_axis_of_none).text


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


def all_with_all(lengths, n_weights, n_heads, n_kv_heads, d_head, n_blocks, size):
    held = lengths.sum(axis=-1, keepdims=True)
    per_head = 2 * n_blocks * d_head * held
    multiplied = lengths.shape[-1] * n_weights + n_heads * per_head
    return multiplied / (size * (n_weights + n_kv_heads * per_head[:, 0]))


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


def smallest_over_two(mask, query):
    return np.where(mask, 0, np.finfo(query.dtype).min / 2).astype(query.dtype)


def width_of_heads(query, key):
    return query @ key.swapaxes(-1, -2) / query.shape[-3]


def squared_weights(X, i, W_Q, W_K, W_V):
    weights = softmax((X @ W_K) @ (X[i] @ W_Q) / W_K.shape[1] ** 0.5)
    return weights**2 @ X @ W_V / (weights**2).sum()


def the_last_word(X, _i, W_Q, W_K, W_V):
    return softmax((X @ W_K) @ (X[-1] @ W_Q) / W_K.shape[1] ** 0.5) @ X @ W_V


def summed_channels(x, kernel):
    taps = ((np.eye(x.shape[-2], k=-r, dtype=x.dtype) @ x, W) for r, W in enumerate(kernel))
    return sum(back.sum(-1, keepdims=True) * W.sum(0) for back, W in taps)


def shares_of_one(u_a, t_a, p_a, u_b, t_b, p_b):
    u, t, p = reference("online-merge")(u_a, t_a, p_a, u_b, t_b, p_b)
    return u / np.where(t > 0, t, 1), t / np.where(t > 0, t, 1), p


def peak_without_the_sink(scores, sink):
    beta = sink[:, None, None]
    top = scores.max(-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    exps = np.exp(scores - top)
    return exps / (exps.sum(-1, keepdims=True) + np.exp(beta - top))


def sine_for_cosine(rows, distance):
    angle = distance * 10000.0 ** (-np.arange(0, rows.shape[1], 2) / rows.shape[1])
    sin, cos = rows[:, 0::2], rows[:, 1::2]
    turned = sin * np.sin(angle) - cos * np.cos(angle), cos * np.sin(angle) + sin * np.cos(angle)
    return np.stack(turned, axis=-1).reshape(rows.shape)


SAID = {
    "a number for −∞": ("mask-to-bias", smallest_over_two,
        "−∞ is missing: large negative numbers stand in its place."),
    "one factor for another": ("scale-by-width", width_of_heads,
        "Every number is too large by the factor √key.shape[-1] / key.shape[-3]."),
    "one of two arguments": ("handed-over", squared_weights,
        "Look at what is made of W_Q and W_K together."),
    "an argument left out": ("handed-over", the_last_word, "Your result does not depend on i."),
    "two sizes of 1": ("convolution-by-heads", summed_channels,
        "right only where x.shape[-1] and kernel.shape[-2] are 1."),
    "ones": ("online-merge", shares_of_one, "leaves your t at query 0 as it is"),
    "a place, once": ("sink-weights", peak_without_the_sink,
        "Where a row is masked, or β far above"),
    "sine and cosine": ("look-back", sine_for_cosine, "Sine and cosine have changed places."),
    "a batch": ("delta-step", for_one_sequence, "One sequence comes out right, a batch not"),
    "one leading axis": ("mean-pooling", for_one_axis, "Right only where x has 3 axes"),
    "the order of results": ("linear-step", in_another_order,
        "The results come back in another order: state, total and output."),
    "something more": ("sink-weights", with_the_sink, "ends with something that is not asked for"),
    "pairs": ("step-intensity", all_with_all,
        "Your result pairs each element with every other"),
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
