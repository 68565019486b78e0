"""The equations of section 6.3, evaluated as written, against the library."""

import numpy as np
import torch

from qkv_lib.layers import initialise
from qkv_lib.measures.pointing import hits
from qkv_lib.models.decoding import END, beam_search, log_probability
from qkv_lib.models.translator import RecurrentTranslator
from tests.equations.registry import equation

SOURCE = torch.tensor([[3, 1, 4, 1, 5]])
TARGET = [4, 3, END]


def small(score: str = "additive") -> RecurrentTranslator:
    model = RecurrentTranslator(9, 6, d=4, score=score)
    return initialise(model, np.random.default_rng(63)).double()


def array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().numpy()


def softmax(x: np.ndarray) -> np.ndarray:
    return np.exp(x) / np.exp(x).sum()


def next_symbol(model: RecurrentTranslator, before: list[int]) -> np.ndarray:
    """The law of the symbol after those in ``before``."""
    previous = torch.tensor([[1, *before]])
    return softmax(array(model(SOURCE, previous))[0, -1])


@equation("eq-translation-chain")
def test_a_translation_is_as_likely_as_its_symbols_one_after_another() -> None:
    model = small()
    p = 1.0
    for t, y in enumerate(TARGET):
        p *= next_symbol(model, TARGET[:t])[y]
    found = log_probability(model, SOURCE, torch.tensor([TARGET]))
    np.testing.assert_allclose(np.exp(array(found)), [p])


@equation("eq-translation-answer")
def test_the_answer_is_made_of_the_state_and_the_context() -> None:
    model = small()
    memory, previous = model.encode(SOURCE), torch.tensor([[1, 4, 3]])
    logits, weights = model.decode(memory, previous)
    states, _ = model.decoder(model.embed_target(previous), memory.first)
    s, h, a = array(states)[0], array(memory.states)[0], array(weights)[0, 0]
    w_o, b_o = array(model.answer.weight).T, array(model.answer.bias)
    for t in range(3):
        c = sum(a[t, j] * h[j] for j in range(5))
        y = np.concatenate([s[t], c]) @ w_o + b_o
        np.testing.assert_allclose(softmax(array(logits)[0, t]), softmax(y))


@equation("eq-translation-scores")
def test_both_scores_are_as_written() -> None:
    for score in ("additive", "dot"):
        model = small(score)
        with torch.no_grad():
            model.v.copy_(torch.tensor([1.0, -2.0, 0.5, 3.0]))
        rng = np.random.default_rng(0)
        s, h = rng.normal(size=(2, 4)), rng.normal(size=(3, 4))
        w_q, w_k, v = map(array, (model.w_query, model.w_key, model.v))
        found = array(model.scores(torch.from_numpy(s), torch.from_numpy(h)))
        for t, j in np.ndindex(found.shape):
            expected = {
                "additive": np.tanh(s[t] @ w_q + h[j] @ w_k) @ v,
                "dot": (s[t] @ w_q) @ (h[j] @ w_k) / np.sqrt(4),
            }
            np.testing.assert_allclose(found[t, j], expected[score])


@equation("eq-translation-hits")
def test_a_hit_is_a_largest_weight_inside_the_span() -> None:
    rng = np.random.default_rng(0)
    a = rng.dirichlet(np.ones(7), size=20)
    start = rng.integers(0, 6, size=20)
    stop = start + rng.integers(1, 3, size=20)
    places = np.arange(7)
    inside = (start[:, None] <= places) & (places < stop[:, None])
    expected = np.mean([start[t] <= a[t].argmax() < stop[t] for t in range(20)])
    np.testing.assert_allclose(hits(a, inside.astype(float)).mean(), expected)
    assert 0 < expected < 1


@equation("eq-translation-beam")
def test_the_beam_keeps_the_likeliest_continuations_of_the_beam_before() -> None:
    model, k = small(), 3
    beam = [((), 0.0)]
    for _ in range(4):
        continued = []
        for before, log_p in beam:
            if END in before:
                continued.append((before, log_p))
                continue
            law = next_symbol(model, list(before))
            continued += [((*before, y), log_p + np.log(law[y])) for y in range(1, 6)]
        beam = sorted(continued, key=lambda each: -each[1])[:k]
    written, scores = beam_search(model, SOURCE, width=k, longest=4)
    np.testing.assert_allclose(array(scores)[0], [log_p for _, log_p in beam])
    assert [tuple(y for y in row if y) for row in written[0].tolist()] == [b for b, _ in beam]
