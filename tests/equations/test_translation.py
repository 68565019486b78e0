"""The equations of section 6.3, as they are printed, against the library."""

import numpy as np
import torch

from qkv_lib.layers import initialise
from qkv_lib.measures.pointing import hits
from qkv_lib.models.decoding import END, beam_search, log_probability
from qkv_lib.models.translator import RecurrentTranslator
from tests.equations.claims import given
from tests.equations.registry import Cases, by_hand, evaluated
from tests.holds import holds

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


@holds("and $p(b \\mid x)$ is the product of the probabilities of the symbols of $b$.")
def test_a_translation_is_as_likely_as_its_symbols_one_after_another() -> None:
    model = small()
    whole = np.exp(array(log_probability(model, SOURCE, torch.tensor([TARGET])))).item()
    each = [next_symbol(model, TARGET[:t])[symbol] for t, symbol in enumerate(TARGET)]
    assert np.isclose(whole, np.prod(each), rtol=1e-9, atol=0)


@evaluated("eq-translation-answer")
def test_the_answer_is_made_of_the_state_and_the_context() -> Cases:
    model = small()
    torch.nn.init.normal_(model.answer.bias)  # zero at first: nothing to see
    memory, previous = model.encode(SOURCE), torch.tensor([[1, 4, 3]])
    logits, weights = model.decode(memory, previous)
    states, _ = model.decoder(model.embed_target(previous), memory.first)
    s, h, a = array(states)[0], array(memory.states)[0], array(weights)[0, 0]
    laws = np.stack([softmax(row) for row in array(logits)[0]])
    yield given(
        {"t": 3}, p=lambda law, _: law, y=laws, s=s, c=a @ h, a=a, h=h, m=5,
        W_y=array(model.answer.weight).T, b_y=array(model.answer.bias),
    )  # fmt: skip


@evaluated("eq-translation-scores")
def test_both_scores_are_as_written() -> Cases:
    rng = np.random.default_rng(0)
    s, h = rng.normal(size=(2, 4)), rng.normal(size=(3, 4))
    models = {score: small(score) for score in ("additive", "dot")}
    with torch.no_grad():
        models["additive"].v.copy_(torch.tensor([1.0, -2.0, 0.5, 3.0]))
    found = {f"e_{score}": array(model.scores(torch.from_numpy(s), torch.from_numpy(h)))
             for score, model in models.items()}  # fmt: skip
    W_Q, W_K, u = map(
        array, (models["additive"].w_query, models["additive"].w_key, models["additive"].v)
    )
    assert np.array_equal(array(models["dot"].w_query), W_Q)
    yield given({"t": 2, "j": 3}, s=s, h=h, W_Q=W_Q, W_K=W_K, u=u, d=4, **found)


@evaluated("eq-translation-hits")
def test_a_hit_is_a_largest_weight_inside_the_span() -> Cases:
    rng = np.random.default_rng(0)
    a = rng.dirichlet(np.ones(7), size=20)
    start = rng.integers(0, 6, size=20)
    stop = start + rng.integers(1, 3, size=20)
    places = np.arange(7)
    inside = (start[:, None] <= places) & (places < stop[:, None])
    yield given({"j": 7, "t": 20}, T=range(20), first=0, a=a, start=start, stop=stop,
                ell=a.argmax(axis=1),
                hits=hits(a, inside.astype(float)).mean())  # fmt: skip


@by_hand("eq-translation-beam", "79529709", "says in words by what the best are chosen")
@holds(
    "keeps the $w$ likeliest beginnings, $B_t$, "
    "and continues each with every symbol of the alphabet $\\Sigma$"
)
def test_the_beam_keeps_the_likeliest_continuations_of_the_beam_before() -> None:
    model, w = small(), 3
    beam = [((), 0.0)]
    for _ in range(4):
        continued = []
        for before, log_p in beam:
            if END in before:
                continued.append((before, log_p))
                continue
            law = next_symbol(model, list(before))
            continued += [((*before, z), log_p + np.log(law[z])) for z in range(1, 6)]
        beam = sorted(continued, key=lambda each: -each[1])[:w]
    written, scores = beam_search(model, SOURCE, width=w, longest=4)
    np.testing.assert_allclose(array(scores)[0], [log_p for _, log_p in beam])
    assert [tuple(y for y in row if y) for row in written[0].tolist()] == [b for b, _ in beam]
