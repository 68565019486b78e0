"""The equations of section 6.4, evaluated as written, against the library."""

import numpy as np
import torch

from qkv_lib.layers import recorded_weights
from qkv_lib.measures import induction
from qkv_lib.models.gpt import BASE, GPT, new_gpt, next_token_loss
from qkv_lib.models.sampling import next_probabilities
from tests.equations.registry import equation

IDS = np.random.default_rng(64).integers(7, size=9)
Matrix = np.ndarray


def small() -> GPT:
    model = new_gpt(np.random.default_rng(64), n_tokens=7, length=12, d_model=8, n_heads=2)
    torch.manual_seed(64)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.4 * torch.randn_like(parameter)
    return model.double().eval()


def array(tensor: torch.Tensor) -> Matrix:
    return tensor.detach().numpy()


def norm(x: Matrix, layer: torch.nn.Module) -> Matrix:
    centred = x - x.mean(axis=-1, keepdims=True)
    unit = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
    return unit * array(layer.weight) + array(layer.bias)


def softmax(z: Matrix) -> Matrix:
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


def linear(x: Matrix, layer: torch.nn.Linear, head: slice = slice(None)) -> Matrix:
    return x @ array(layer.weight).T[:, head] + array(layer.bias)[head]


@equation("eq-writing-model")
def test_the_model_is_a_table_blocks_and_the_same_table() -> None:
    model = small()
    table = array(model.tokens.weight)
    x = torch.tensor(table[IDS])[None]
    for block in model.stack:
        x = block(x, causal=True)
    expected = norm(array(x)[0], model.norm) @ table.T
    found = array(model(torch.tensor(IDS)[None]))[0]
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)


@equation("eq-writing-loss")
def test_the_loss_is_the_mean_surprise_at_the_next_token() -> None:
    model, total = small(), 0.0
    z = array(model(torch.tensor(IDS)[None]))[0]
    n = len(IDS) - 1
    for i in range(n):
        total -= np.log(softmax(z[i])[IDS[i + 1]])
    found = next_token_loss(model, torch.tensor(IDS)[None]).item()
    np.testing.assert_allclose(found, total / n, rtol=1e-10)


@equation("eq-writing-temperature")
def test_the_temperature_divides_the_logits() -> None:
    z = np.random.default_rng(0).normal(size=7)
    for tau in (0.3, 1.0, 2.5):
        p = [np.exp(z[t] / tau) / sum(np.exp(z[u] / tau) for u in range(7)) for t in range(7)]
        np.testing.assert_allclose(next_probabilities(z, temperature=tau), p, rtol=1e-12)


@equation("eq-writing-top-p")
def test_top_p_keeps_the_smallest_set_of_the_likeliest() -> None:
    z = np.random.default_rng(1).normal(size=7)
    p = softmax(z)
    for share in (0.2, 0.5, 0.9, 1.0):
        kept: list[int] = []
        for t in np.argsort(-p):
            if sum(p[u] for u in kept) < share:
                kept.append(int(t))
        expected = [p[t] / sum(p[u] for u in kept) if t in kept else 0 for t in range(7)]
        np.testing.assert_allclose(next_probabilities(z, top_p=share), expected, rtol=1e-12)


@equation("eq-writing-induction")
def test_the_scores_are_means_over_the_second_half() -> None:
    model, period = small(), 5
    ids = induction.repeated(7, period, 3, np.random.default_rng(2))
    with recorded_weights(model) as maps:
        model(ids)
    found = induction.head_scores(model, ids)
    for block, (weights,) in enumerate(maps.values()):
        for head in range(2):
            A = array(weights)[:, head].mean(axis=0)
            places = range(period, 2 * period - 1)
            copied = sum(A[i, i - period + 1] for i in places) / (period - 1)
            before = sum(A[i, i - 1] for i in places) / (period - 1)
            np.testing.assert_allclose(found.induction[block, head], copied, rtol=1e-10)
            np.testing.assert_allclose(found.previous[block, head], before, rtol=1e-10)


def handed(model: GPT, block: int, head: int) -> Matrix:
    """norm(E) W_V W_O of one head, with the bias of the values."""
    layer, of_head = model.stack[block].attention, slice(4 * head, 4 * head + 4)
    rows = norm(array(model.tokens.weight), model.stack[block].attention_norm)
    return linear(rows, layer.value, of_head) @ array(layer.output.weight).T[of_head]


@equation("eq-writing-match")
def test_a_query_is_matched_with_the_marks_of_all_tokens() -> None:
    model, distance, d = small(), 3, 4
    block, of_head = model.stack[1], slice(4, 8)
    table = array(model.tokens.weight)
    query = linear(norm(table, block.attention_norm), block.attention.query, of_head)
    marks = norm(handed(model, 0, 0), block.attention_norm)
    key = linear(marks, block.attention.key, of_head)
    turn = np.zeros((d, d))  # R: features i and i + d / 2 turn by the distance times a frequency
    for i in range(d // 2):
        angle = distance * BASE ** (-2 * i / d)
        pair = [i, i + d // 2]
        turn[np.ix_(pair, pair)] = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    found = induction.matching_matrix(model, (0, 0), (1, 1), distance=distance)
    np.testing.assert_allclose(found, query @ turn @ key.T / np.sqrt(d), rtol=1e-9, atol=1e-10)


@equation("eq-writing-copy")
def test_what_a_head_adds_to_the_logits() -> None:
    model = small()
    gain = array(model.norm.weight)  # of the last norm, whose scale differs from place to place
    expected = (handed(model, 1, 0) * gain) @ array(model.tokens.weight).T
    found = induction.copying_matrix(model, (1, 0))
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)
