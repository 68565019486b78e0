"""The equations of section 6.2, evaluated as written, against the library."""

import numpy as np
import torch

from qkv_lib.layers import initialise
from qkv_lib.measures.relations import relation_mass, spread
from qkv_lib.measures.retrieval import ranks
from qkv_lib.models.encoder import SentenceEncoder, silenced, unit_mean
from tests.equations.registry import equation

RNG = np.random.default_rng(62)


def small() -> SentenceEncoder:
    model = SentenceEncoder(20, 9, d_model=6, n_heads=3, d_hidden=10, n_blocks=1)
    model = initialise(model, RNG).eval()
    with torch.no_grad():  # zero or one at first: nothing to see
        for vector in (model.segment, model.norm.weight, model.norm.bias):
            vector.copy_(torch.from_numpy(RNG.normal(size=6)))
    return model


def array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().double().numpy()


def norm(x: np.ndarray, layer: torch.nn.LayerNorm) -> np.ndarray:
    return (x - x.mean()) / x.std() * array(layer.weight) + array(layer.bias)


@equation("eq-language-input")
def test_input_is_as_written() -> None:
    model, t = small(), [4, 4, 17]
    first = model.hidden_states(torch.tensor([t]), torch.tensor([3]))[0]
    e, p, s = array(model.words.weight), array(model.add_positions.table.weight), model.segment
    for i in range(3):
        expected = norm(e[t[i]] + p[i] + array(s), model.norm)
        np.testing.assert_allclose(array(first)[0, i], expected, rtol=0, atol=1e-4)


@equation("eq-language-block")
def test_block_is_post_norm_as_written() -> None:
    model = small()
    x, z = model.hidden_states(torch.tensor([[3, 9, 1, 9]]), torch.tensor([4]))
    block = model.blocks[0]
    a, f = array(block.attention(x))[0], block.feed_forward
    for i in range(4):
        y = norm(array(x)[0, i] + a[i], block.attention_norm)
        fed = array(f(torch.from_numpy(y).float()))
        np.testing.assert_allclose(
            array(z)[0, i], norm(y + fed, block.feed_forward_norm), rtol=0, atol=1e-4
        )


@equation("eq-language-embedding")
def test_embedding_is_as_written() -> None:
    z, n = RNG.normal(size=(2, 5, 3)), [5, 2]
    found = unit_mean(torch.from_numpy(z), torch.tensor(n)).numpy()
    for text in range(2):
        mean = sum(z[text, i] for i in range(n[text])) / n[text]
        np.testing.assert_allclose(
            found[text], mean / np.sqrt(sum(x * x for x in mean)), rtol=1e-12
        )


@equation("eq-language-mass")
def test_mass_is_as_written() -> None:
    a, r = RNG.dirichlet(np.ones(6), size=6), RNG.random((6, 6)) < 0.3
    r[2] = False
    queries = [i for i in range(6) if any(r[i])]
    expected = [sum(a[i, j] for j in range(6) if r[i, j]) for i in queries]
    np.testing.assert_allclose(relation_mass(a, r).mean(), sum(expected) / len(queries), rtol=1e-12)


@equation("eq-language-spread")
def test_spread_is_as_written() -> None:
    a = RNG.dirichlet(np.ones(5), size=4)
    expected = [-sum(w * np.log(w) for w in row) / np.log(5) for row in a]
    np.testing.assert_allclose(spread(a), expected, rtol=1e-12)


@equation("eq-language-silenced")
def test_a_gate_is_as_written() -> None:
    layer = small().blocks[0].attention
    model = small()
    model.blocks[0].attention = layer
    x = torch.from_numpy(RNG.normal(size=(1, 4, 6))).float()
    query, key, value = (array(each)[0] for each in layer.project(x, x, x))
    g, w_o, b_o = [1.0, 0.0, 1.0], array(layer.output.weight).T, array(layer.output.bias)
    expected = np.tile(b_o, (4, 1))
    for h in range(3):
        scores = query[h] @ key[h].T / np.sqrt(2)
        weights = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        expected += g[h] * (weights @ value[h]) @ w_o[2 * h : 2 * h + 2]
    with silenced(model, [(0, 1)]):
        np.testing.assert_allclose(array(layer(x))[0], expected, rtol=0, atol=1e-5)


@equation("eq-language-rank")
def test_mean_reciprocal_rank_is_as_written() -> None:
    s, c = RNG.random((7, 5)), RNG.integers(0, 5, size=7)
    expected = sum(1 / (1 + sum(s[i, j] > s[i, c[i]] for j in range(5))) for i in range(7)) / 7
    np.testing.assert_allclose((1 / ranks(s, c)).mean(), expected, rtol=1e-12)
