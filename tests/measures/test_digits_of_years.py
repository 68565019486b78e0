"""Which digit of the year is looked at: counted by hand, and the mask leaves one digit alone."""

from datetime import date

import numpy as np
import torch

from qkv_lib.data.dates import date_pair
from qkv_lib.measures.alignments import attended
from qkv_lib.measures.digits_of_years import year_digits
from qkv_lib.models.decoding import shifted_right
from qkv_lib.models.translation import alphabets, load_translator
from tests.holds import holds

PAIRS = [
    date_pair(date(1993, 12, 20), "zh", "yMEd"),
    date_pair(date(2004, 1, 10), "de", "full"),
    date_pair(date(2028, 11, 17), "ar", "long"),
]


def test_places_and_answers_are_those_of_the_map_and_the_logits() -> None:
    model = load_translator("Transformer")
    found = year_digits(model, alphabets(), PAIRS)
    maps = attended(model, alphabets(), PAIRS).mean(axis=1)
    source, target = map(torch.from_numpy, alphabets().encode(PAIRS))
    with torch.no_grad():
        written = model(source, shifted_right(target)).argmax(dim=-1)
    for n, pair in enumerate(PAIRS):
        rows = [i for i, kind in enumerate(pair.kinds) if kind == "year"]
        first = pair.source.spans["year"][0]
        assert found.looks_at[n].tolist() == [int(maps[n, i].argmax()) - first for i in rows]
        assert found.right[n].tolist() == [bool(written[n, i] == target[n, i]) for i in rows]
        assert found.own[n].tolist() == [j == k for k, j in enumerate(found.looks_at[n])]


def test_another_digit_of_the_source_does_not_reach_a_row_that_sees_its_own_alone() -> None:
    """The additive decoder, shown its own digit, is right; shown by no one, it is as before."""
    model = load_translator("additive")
    shown = year_digits(model, alphabets(), PAIRS, only_own=True)
    free = year_digits(model, alphabets(), PAIRS)
    assert shown.right.all()
    np.testing.assert_array_equal(shown.looks_at, free.looks_at)  # where it looks unless told


@holds("while it writes a digit of the year, a mask hides everything in the source but that digit.")
def test_a_row_that_sees_its_own_digit_gets_the_value_of_that_digit() -> None:
    model = load_translator("dot")
    (pair,) = pairs = PAIRS[:1]
    source, target = map(torch.from_numpy, alphabets().encode(pairs))
    memory = model.encode(source)
    first = pair.source.spans["year"][0]
    row = next(i for i, kind in enumerate(pair.kinds) if kind == "year")
    mask = torch.zeros_like(memory.mask)
    mask[..., first] = True
    with torch.no_grad():
        alone, _ = model.decode(memory._replace(mask=mask), shifted_right(target))
    right = bool(alone[0, row].argmax() == target[0, row])
    assert year_digits(model, alphabets(), pairs, only_own=True).right[0, 0] == right
