"""The GPT: causal, the same with a cache and padded on the left; sampling and counting."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from qkv_lib.layers import recorded_weights
from qkv_lib.measures.heads import even_attention
from qkv_lib.models.gpt import GPT, new_gpt, next_token_loss, windows
from qkv_lib.models.ngrams import NGrams
from qkv_lib.models.sampling import next_probabilities, write
from tests.holds import holds

IDS = torch.from_numpy(np.random.default_rng(3).integers(11, size=(3, 9)))


@pytest.fixture
def model() -> GPT:
    made = new_gpt(np.random.default_rng(0), n_tokens=11, length=24, d_model=12, n_heads=3)
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    return made.double().eval()


def test_no_row_sees_a_later_token(model: GPT) -> None:
    later = IDS.clone()
    later[:, 5:] = (later[:, 5:] + 1) % 11
    one, two = model(IDS), model(later)
    torch.testing.assert_close(one[:, :5], two[:, :5], rtol=0, atol=1e-12)
    assert (one[:, 5:] != two[:, 5:]).any()


@pytest.mark.parametrize("prefill", [1, 4, 8])
def test_a_cache_changes_no_logit(model: GPT, prefill: int) -> None:
    with torch.no_grad():
        caches = model.caches()
        rows = [model(IDS[:, :prefill], caches=caches)]
        rows += [model(token, caches=caches) for token in IDS[:, prefill:].split(1, dim=1)]
        torch.testing.assert_close(torch.cat(rows, dim=1), model(IDS), rtol=0, atol=1e-12)
    assert [len(cache) for cache in caches] == [9, 9]


def test_the_weights_are_recorded_with_a_cache_too(model: GPT) -> None:
    with torch.no_grad(), recorded_weights(model) as whole:
        model(IDS)
    caches = model.caches()
    with torch.no_grad(), recorded_weights(model) as steps:
        for token in IDS.split(1, dim=1):
            model(token, caches=caches)
    for name, (expected,) in whole.items():
        for i, found in enumerate(steps[name]):
            torch.testing.assert_close(found[..., 0, :], expected[..., i, : i + 1])


def test_left_padding_that_is_hidden_changes_nothing(model: GPT) -> None:
    padded = torch.nn.functional.pad(IDS, (4, 0), value=7)
    real = torch.arange(13)[None, None, None, :] >= 4
    with torch.no_grad():
        found = model(padded, mask=real)[:, 4:]
        torch.testing.assert_close(found, model(IDS), rtol=0, atol=1e-10)
        caches = model.caches()
        model(padded[:, :12], caches=caches, mask=real[..., :12])
        last = model(padded[:, 12:], caches=caches, mask=real)
        torch.testing.assert_close(last[:, 0], model(IDS)[:, -1], rtol=0, atol=1e-10)
        shown = model(padded)[:, 4:]
    assert not torch.allclose(shown, model(IDS))


@holds("All places share the same weights.")
def test_a_longer_text_needs_no_more_parameters() -> None:
    sizes = [
        sum(each.numel() for each in new_gpt(np.random.default_rng(0), length=n).parameters())
        for n in (24, 48)
    ]
    assert sizes[0] == sizes[1] > 0


def test_positions_count_by_their_distance_alone(model: GPT) -> None:
    where = torch.arange(9)
    with torch.no_grad():
        moved, spread = (model(IDS, positions=each) for each in (where + 5, 2 * where))
        torch.testing.assert_close(moved, model(IDS), rtol=0, atol=1e-10)
    assert not torch.allclose(spread, model(IDS))


def test_a_text_that_is_too_long_is_refused(model: GPT) -> None:
    caches = model.caches()
    model(torch.zeros(1, 20, dtype=torch.int64), caches=caches)
    with pytest.raises(ValueError, match=r"token 25, needs at most length \(24\)"):
        model(torch.zeros(1, 5, dtype=torch.int64), caches=caches)


@holds(
    "each token takes the plain average over all tokens so far (token $i$ gives each of them the "
    "weight $1/i$), in training and in use.",
)
def test_even_weights_are_even_over_the_past(model: GPT) -> None:
    with torch.no_grad(), even_attention(model), recorded_weights(model) as maps:
        model(IDS)
    even = torch.tril(torch.ones(9, 9, dtype=torch.float64))
    even /= even.sum(dim=-1, keepdim=True)
    for (found,) in maps.values():
        torch.testing.assert_close(found, even.expand_as(found))


@holds(
    "So a text of $n + 1$ tokens gives $n$ predictions to learn from, all in one pass.",
    "With the loss it learns at every place of a text at once.",
)
def test_the_loss_is_that_of_each_next_token(model: GPT) -> None:
    logits = model(IDS).detach().numpy()
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    told = [-np.log(p[b, i, IDS[b, i + 1]]) for b in range(3) for i in range(8)]
    assert next_token_loss(model, IDS).item() == pytest.approx(np.mean(told))


def test_windows_are_pieces_of_the_text() -> None:
    text = np.arange(50)
    (batch,) = next(windows(text, 7, np.random.default_rng(0), batch_size=30))
    assert (batch.diff(dim=1) == 1).all()
    assert {int(x) for x in batch[:, 0]} <= set(range(44))
    with pytest.raises(ValueError, match="length is 51"):
        next(windows(text, 51, np.random.default_rng(0)))


LOGITS = arrays(np.float64, (2, 7), elements=st.floats(-5, 5))


@given(LOGITS, st.floats(0.05, 1), st.floats(0.1, 3))
def test_top_p_keeps_the_fewest_that_reach_the_share(z, top_p, temperature) -> None:
    whole = next_probabilities(z, temperature=temperature)
    found = next_probabilities(z, temperature=temperature, top_p=top_p)
    np.testing.assert_allclose(found.sum(axis=-1), 1)
    for p, q in zip(whole, found, strict=True):
        kept = q > 0
        assert p[kept].sum() >= top_p - 1e-9
        assert p[kept].sum() - p[kept].min() < top_p + 1e-9  # with one less it is not reached
        assert p[kept].min() >= p[~kept].max(initial=0) - 1e-12
        np.testing.assert_allclose(q[kept] * p[kept].sum(), p[kept])


def test_no_token_is_kept_once_the_likelier_ones_have_enough() -> None:
    z = np.array([0.0, 0.0, -np.inf, -np.inf])  # halves, exactly
    np.testing.assert_array_equal(next_probabilities(z, top_p=0.5), [1, 0, 0, 0])
    np.testing.assert_array_equal(next_probabilities(z, top_p=0.6), [0.5, 0.5, 0, 0])


def test_a_low_temperature_is_greedy_and_bad_numbers_are_refused() -> None:
    z = np.array([0.1, 2.0, 1.9])
    np.testing.assert_allclose(next_probabilities(z, temperature=1e-3), [0, 1, 0], atol=1e-12)
    for name, value in (("temperature", 0), ("top_p", 0), ("top_p", 1.5)):
        with pytest.raises(ValueError, match=name):
            next_probabilities(z, **{name: value})


@holds(
    "To write, take the last row of logits, draw a token from its softmax, append the token to "
    "the text, and repeat.",
)
def test_writing_follows_the_model_and_repeats_with_the_seed(model: GPT) -> None:
    beginning = [3, 1, 4]
    greedy = write(model, beginning, 6, np.random.default_rng(0), temperature=1e-4)
    expected = list(beginning)
    with torch.no_grad():
        for _ in range(6):
            expected.append(int(model(torch.tensor([expected]))[0, -1].argmax()))
    assert greedy == expected
    one, two, other = (write(model, beginning, 15, np.random.default_rng(s)) for s in (1, 1, 2))
    assert one == two != other


@holds("This is not necessary, and write avoids it:")
def test_writing_reads_each_token_once(model: GPT) -> None:
    read: list[int] = []
    model.layers[0].query.register_forward_hook(lambda _, given, __: read.append(given[0].shape[1]))
    write(model, [3, 1, 4], 15, np.random.default_rng(0))
    assert read == [3, *[1] * 14]


def test_tokens_are_drawn_by_their_probabilities(model: GPT) -> None:
    rng = np.random.default_rng(5)
    drawn = [write(model, [3], 1, rng)[1] for _ in range(1500)]
    with torch.no_grad():
        p = next_probabilities(model(torch.tensor([[3]]))[0, -1].numpy())
    np.testing.assert_allclose(np.bincount(drawn, minlength=11) / 1500, p, atol=0.05)


def test_a_copy_is_a_model_of_its_own(model: GPT) -> None:
    other = copy.deepcopy(model)
    with torch.no_grad():
        other.tokens.weight += 1
    assert not torch.equal(model(IDS), other(IDS))


TEXT = [0, 1, 2, 0, 1, 3, 0, 1, 2, 2, 0]


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_counted_probabilities_sum_to_one(order: int) -> None:
    model = NGrams(TEXT, n_tokens=5, order=order, discount=0.7)
    for context in ([], [0], [4], [0, 1], [3, 3], [2, 0, 1], [0, 1, 2, 0, 1]):
        assert model.following(context).sum() == pytest.approx(1)
        assert model.following(context).min() > 0


def test_counts_are_as_counted_by_hand() -> None:
    model = NGrams(TEXT, n_tokens=5, order=2, discount=0.5)
    # After 0 comes 1, three times of three. Below, 0 follows two different tokens of seven pairs.
    kinds = {0: {2, 3}, 1: {0}, 2: {1, 2}, 3: {1}}
    n_kinds = sum(map(len, kinds.values()))
    one = [(max(len(kinds.get(t, ())) - 0.5, 0) + 0.5 * 4 / 5) / n_kinds for t in range(5)]
    expected = [0.5 * p / 3 + (2.5 / 3 if t == 1 else 0) for t, p in enumerate(one)]
    np.testing.assert_allclose(model.following([0]), expected)
    loss = -np.mean([np.log(model.following(TEXT[:i])[TEXT[i]]) for i in range(1, len(TEXT))])
    assert model.loss(TEXT) == pytest.approx(loss)
