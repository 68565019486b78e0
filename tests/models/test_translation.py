"""Training and judging translators: symbols there and back, learning, and what is counted."""

import datetime

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from qkv_lib.data.dates import FORMATS, LOCALES, date_pair, sample_pairs, split_dates
from qkv_lib.models.decoding import END, START, log_probability
from qkv_lib.models.translation import (
    RECIPES,
    alphabets,
    exact_match,
    load_translator,
    train_translator,
    translation_loss,
)
from qkv_lib.models.translator import PAD

days = st.dates(datetime.date(1950, 1, 1), datetime.date(2049, 12, 31))


@given(date=days, locale=st.sampled_from(list(LOCALES)), form=st.sampled_from(FORMATS))
def test_symbols_go_there_and_back(date: datetime.date, locale: str, form: str) -> None:
    pair = date_pair(date, locale, form)
    source, target = alphabets().encode([pair])
    assert "".join(alphabets().source[number] for number in source[0]) == pair.source.text
    assert target[0, -1] == END
    assert alphabets().decode(target) == [pair.english]


def test_shorter_rows_are_padded_at_the_end() -> None:
    date = datetime.date(1987, 3, 5)
    pairs = [date_pair(date, "de", form) for form in ("full", "yMd")]
    source, target = alphabets().encode(pairs)
    assert source.shape == (2, len(pairs[0].source.text))
    assert (source[1, len(pairs[1].source.text) :] == PAD).all()
    assert (target[1, len(pairs[1].target) + 1 :] == PAD).all()
    assert alphabets().decode(target) == [pair.english for pair in pairs]


def test_numbers_of_special_symbols_are_their_places() -> None:
    assert alphabets().target[PAD] == alphabets().source[PAD] == "<pad>"
    assert (alphabets().target[START], alphabets().target[END]) == ("<start>", "<end>")
    assert len(set(alphabets().source)) == len(alphabets().source)
    assert len(set(alphabets().target)) == len(alphabets().target)


def test_a_symbol_of_no_alphabet_is_refused() -> None:
    pair = date_pair(datetime.date(1987, 3, 5), "ru", "full")
    with pytest.raises(ValueError, match="is no symbol"):
        alphabets().encode([pair])


def test_the_loss_is_that_of_the_right_symbols_and_not_of_padding() -> None:
    model = RECIPES["dot"].make(*map(len, alphabets())).double()
    pairs = sample_pairs(split_dates().train, 4, np.random.default_rng(0))
    source, target = map(torch.from_numpy, alphabets().encode(pairs))
    padded = torch.nn.functional.pad(target, (0, 2), value=PAD)
    one, two = (translation_loss(model, source, each) for each in (target, padded))
    torch.testing.assert_close(one, two)
    total = -log_probability(model, source, target).sum() / (target != PAD).sum()
    torch.testing.assert_close(one, total)


@pytest.mark.parametrize("name", ["dot", "Transformer"])
def test_training_learns_a_few_pairs(name: str) -> None:
    seen: list[int] = []
    model = train_translator(
        RECIPES[name], seed=1, n_updates=50, n_pairs=64, locales=["zh"], every=20,
        watch=lambda n_done, _: seen.append(n_done),
    )  # fmt: skip
    assert seen == [20, 40, 50]
    pairs = sample_pairs(split_dates().train, 100, np.random.default_rng(1), locales=["zh"])
    source, target = map(torch.from_numpy, alphabets().encode(pairs))
    with torch.no_grad():
        assert translation_loss(model, source, target) < 0.75 * np.log(len(alphabets().target))


def test_the_same_seed_trains_the_same_model_watched_or_not() -> None:
    def trained(**options: object) -> dict[str, torch.Tensor]:
        recipe = RECIPES["additive"]
        options = {"n_updates": 3, "n_pairs": 64, "locales": ["zh"], **options}
        return train_translator(recipe, **options).state_dict()  # type: ignore[arg-type]

    one, two = trained(seed=1), trained(seed=1, watch=lambda *_: None, every=1)
    assert all(torch.equal(one[key], two[key]) for key in one)
    assert not all(torch.equal(one[key], each) for key, each in trained(seed=2).items())


def test_exact_match_counts_whole_translations() -> None:
    model = load_translator("additive")
    pairs = sample_pairs(split_dates().test, 20, np.random.default_rng(0))
    right = exact_match(model, alphabets(), pairs)
    assert right.mean() > 0.9
    shuffled = [
        pair._replace(target=other.target)
        for pair, other in zip(pairs, pairs[1:] + pairs[:1], strict=True)
        if pair.english != other.english
    ]
    assert not exact_match(model, alphabets(), shuffled).any()


@pytest.mark.parametrize("name", RECIPES)
def test_the_stored_models_are_ready_for_use(name: str) -> None:
    model = load_translator(name)
    assert not model.training
    assert {each.dtype for each in model.parameters()} == {torch.float64}
    assert all(torch.isfinite(each).all() for each in model.parameters())
    source, _ = alphabets().encode([date_pair(datetime.date(2000, 1, 1), "zh", "full")])
    assert model.encode(torch.from_numpy(source)).states.dtype == torch.float64


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(ValueError, match="needs one of no attention, additive, dot, Transformer"):
        load_translator("LSTM")
