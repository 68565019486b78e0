"""Weights beside the truth: rows in the right order, rivals that know nothing, hidden pieces."""

import datetime

import numpy as np
import pytest
import torch

from qkv_lib.data.dates import date_pair, sample_pairs, split_dates
from qkv_lib.measures.alignments import align, attended, pieces_right, rival_maps
from qkv_lib.measures.pointing import mass_inside
from qkv_lib.models.translation import alphabets, load_translator
from tests.holds import holds

DATE = datetime.date(1999, 9, 30)
PAIRS = [date_pair(DATE, "fr", "full"), date_pair(DATE, "zh", "yMd")]


@pytest.mark.parametrize(("name", "n_heads"), [("dot", 1), ("Transformer", 4)])
def test_rows_are_the_tokens_with_a_piece_in_order(name: str, n_heads: int) -> None:
    model = load_translator(name)
    weights, truth, kinds = align(model, alphabets(), PAIRS)
    everything = attended(model, alphabets(), PAIRS)
    assert everything.shape[:2] == (2, n_heads)
    row = 0
    for number, pair in enumerate(PAIRS):
        for place, kind in enumerate(pair.kinds):
            if not kind:
                continue
            assert kinds[row] == kind
            np.testing.assert_array_equal(weights[:, row], everything[number, :, place])
            start, stop = pair.source.spans[kind]
            assert truth[row].nonzero()[0].tolist() == list(range(start, stop))
            row += 1
    assert row == weights.shape[1] == len(truth) == len(kinds)


def test_weights_sum_to_one_and_are_nothing_on_padding() -> None:
    weights = attended(load_translator("additive"), alphabets(), PAIRS)
    np.testing.assert_allclose(weights.sum(axis=-1), 1)
    assert (weights[1, :, :, len(PAIRS[1].source.text) :] == 0).all()


def test_a_model_without_attention_has_no_alignment() -> None:
    with pytest.raises(ValueError, match="no attention"):
        align(load_translator("no attention"), alphabets(), PAIRS)


@holds("chance picks a random character of the source;")
def test_the_even_map_reaches_chance() -> None:
    _, truth, _ = align(load_translator("dot"), alphabets(), PAIRS)
    even = rival_maps(PAIRS)["even"]
    assert even.shape == truth.shape
    lengths = (even > 0).sum(axis=1)
    assert set(lengths) == {len(pair.source.text) for pair in PAIRS}
    np.testing.assert_allclose(mass_inside(even, truth), truth.sum(axis=1) / lengths)


@holds("the diagonal picks the character at the same relative place.")
def test_the_diagonal_goes_from_the_first_to_the_last_character() -> None:
    diagonal = rival_maps(PAIRS)["diagonal"]
    assert (diagonal.sum(axis=1) == 1).all()
    last = sum(bool(kind) for kind in PAIRS[0].kinds) - 1  # the last digit of the first year
    assert diagonal[last].argmax() == len(PAIRS[0].source.text) - 1
    assert diagonal[0].argmax() == 0


def test_hiding_a_piece_costs_that_piece() -> None:
    rng = np.random.default_rng(0)
    drawn = sample_pairs(split_dates().test, 40, rng)
    pairs = [date_pair(pair.date, pair.locale, "full") for pair in drawn]
    model = load_translator("additive")
    whole = pieces_right(model, alphabets(), pairs)
    assert set(whole) == {"year", "month", "day", "weekday"}
    assert min(whole.values()) > 0.9
    hidden = pieces_right(model, alphabets(), pairs, hide="year")
    assert hidden["year"] < 0.2
    assert min(hidden[kind] for kind in ("month", "day", "weekday")) > 0.9


def test_hiding_masks_the_span_and_nothing_else() -> None:
    model = load_translator("dot")
    seen: list[torch.Tensor] = []
    decode = model.decode
    model.decode = lambda memory, previous: (seen.append(memory.mask), decode(memory, previous))[1]
    pieces_right(model, alphabets(), PAIRS, hide="month")
    for row, pair in zip(seen[0][:, 0].numpy(), PAIRS, strict=True):
        visible = "".join(c for c, seen_ in zip(pair.source.text, row, strict=False) if seen_)
        start, stop = pair.source.spans["month"]
        assert visible == pair.source.text[:start] + pair.source.text[stop:]


@holds(
    "In German the largest weight of the additive translator lies on it nearly every time,",
    "and yet 0.88 of the weekdays are still right when it is hidden:",
    "nor whether the answer rests on them.",
    "from German, the additive translator looks at it nearly every time, "
    "and can mostly do without.",
)
def test_the_german_weekday_is_looked_at_and_hardly_needed() -> None:
    model, kind = load_translator("additive"), "weekday"
    drawn = sample_pairs(split_dates().years, 300, np.random.default_rng(2))
    pairs = [date_pair(each.date, "de", "full") for each in drawn]
    weights, truth, kinds = align(model, alphabets(), pairs)
    hit = truth[np.arange(len(truth)), weights[0].argmax(axis=-1)]
    assert hit[kinds == kind].mean() > 0.98
    own = pieces_right(model, alphabets(), pairs, hide=kind)[kind]
    assert 0.865 < own < 0.895
    encode = model.encode
    model.encode = lambda source: (  # type: ignore[method-assign]
        (memory := encode(source))._replace(first=memory.first.roll(1, dims=1))
    )
    elsewhere = pieces_right(model, alphabets(), pairs)
    assert elsewhere[kind] < 0.4  # though the weekday can be seen
    assert elsewhere["day"] > 0.98 < elsewhere["year"]
    assert pieces_right(model, alphabets(), pairs, hide=kind)[kind] < 1 / 7 + 0.05
