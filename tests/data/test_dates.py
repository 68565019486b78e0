"""Dates in five languages: the spans are those of the pieces, and the split shares no day."""

import datetime
from itertools import pairwise

import numpy as np
import pytest
from babel.dates import format_date, get_month_names
from hypothesis import given
from hypothesis import strategies as st

from qkv_lib.data.dates import (
    ARABIC_DIGITS,
    FORMATS,
    LOCALES,
    date_pair,
    sample_pairs,
    split_dates,
    write_date,
)
from tests.holds import holds

dates = st.dates(datetime.date(1950, 1, 1), datetime.date(2049, 12, 31))
locales, forms = st.sampled_from(list(LOCALES)), st.sampled_from(FORMATS)
FIELDS = {"year": "y", "month": "M", "day": "d"}


@given(date=dates, locale=locales, form=st.sampled_from(["full", "long", "medium"]))
@holds("The package babel knows how each language writes a date (Unicode CLDR).")
def test_the_text_is_what_babel_writes(date: datetime.date, locale: str, form: str) -> None:
    theirs = format_date(date, form, LOCALES[locale])
    ours = write_date(date, locale, form).text
    assert ours == (theirs.translate(ARABIC_DIGITS) if locale == "ar" else theirs)


@given(date=dates, locale=locales, form=forms)
@holds("write_date writes one, and notes where each piece begins and ends.")
def test_spans_hold_the_pieces_and_do_not_overlap(
    date: datetime.date, locale: str, form: str
) -> None:
    text, spans = write_date(date, locale, form)
    assert {"year", "month", "day"} <= set(spans)
    assert set(spans) <= {"weekday", "year", "month", "day"}
    ordered = sorted(spans.values())
    assert all(stop <= start for (_, stop), (start, _) in pairwise(ordered))
    assert all(0 <= start < stop <= len(text) for start, stop in ordered)
    piece = {kind: text[slice(*span)] for kind, span in spans.items()}
    assert int(piece["year"]) == date.year  # int() reads Arabic digits too
    assert int(piece["day"]) == date.day
    names = {
        name.translate(ARABIC_DIGITS) if locale == "ar" else name
        for width in ("wide", "abbreviated")
        for name in [get_month_names(width, locale=LOCALES[locale])[date.month]]
    }
    assert piece["month"] in names or int(piece["month"]) == date.month


@given(date=dates, locale=locales, form=forms)
@holds(
    "a symbol is an English name, a digit or a separator.",
    "English puts the month before the day.",
)
def test_the_target_is_the_english_date_and_its_kinds_are_known(
    date: datetime.date, locale: str, form: str
) -> None:
    pair = date_pair(date, locale, form)
    known = "full" if "weekday" in pair.source.spans else "long"
    assert pair.english == format_date(date, known, "en")
    assert pair.kinds.index("month") < pair.kinds.index("day")
    joined = dict.fromkeys(pair.source.spans, "")
    for token, kind in zip(pair.target, pair.kinds, strict=True):
        if kind:
            joined[kind] += token
    assert joined["year"] == str(date.year)
    assert joined["day"] == str(date.day)
    assert joined["month"] == format_date(date, "MMMM", "en")
    assert joined.get("weekday", format_date(date, "EEEE", "en")) == format_date(date, "EEEE", "en")


@given(date=dates, locale=locales, form=forms)
@holds(
    "This is the true alignment (对齐).",
    "the outlines show the characters that each symbol translates.",
    "The outlined cells are the truth, the span of the piece to which the symbol belongs.",
)
def test_the_truth_marks_the_span_of_each_token(
    date: datetime.date, locale: str, form: str
) -> None:
    pair = date_pair(date, locale, form)
    truth = pair.truth()
    assert truth.shape == (len(pair.target), len(pair.source.text))
    for row, kind in zip(truth, pair.kinds, strict=True):
        marked = "".join(c for c, inside in zip(pair.source.text, row, strict=True) if inside)
        start, stop = pair.source.spans.get(kind, (0, 0))
        assert marked == pair.source.text[start:stop]


@given(day=dates, other=dates, locale=locales, form=forms)
def test_two_dates_never_look_alike(
    day: datetime.date, other: datetime.date, locale: str, form: str
) -> None:
    same = write_date(day, locale, form).text == write_date(other, locale, form).text
    assert same == (day == other)


def test_one_text_never_means_two_dates_in_any_languages() -> None:
    meanings: dict[str, set[str]] = {}
    for month, day in [(m, d) for m in range(1, 13) for d in range(1, 13)]:
        for locale in LOCALES:
            for form in FORMATS:
                pair = date_pair(datetime.date(1987, month, day), locale, form)
                meanings.setdefault(pair.source.text, set()).add(pair.english)
    assert max(map(len, meanings.values())) == 1


def test_the_parts_share_no_day_and_the_years_none_at_all() -> None:
    split = split_dates()
    together = [day for part in split for day in part]
    assert len(together) == len(set(together)) == 36525  # a hundred years
    unseen = {day.year for day in split.years}
    assert len(unseen) == 20
    assert not unseen & {day.year for part in split[:3] for day in part}
    assert {d.year for d in split.train} == {d.year for d in split.test}


def test_the_same_generator_draws_the_same_pairs() -> None:
    days = split_dates().train
    one, two = (sample_pairs(days, 5, np.random.default_rng(3)) for _ in range(2))
    assert one == two
    assert one != sample_pairs(days, 5, np.random.default_rng(4))


@pytest.mark.parametrize(
    ("locale", "form", "says"),
    [("fr", "yyyy", "no pattern"), ("fr", "Hms", "no date"), ("xx", "full", "does not know")],
)
def test_what_is_no_date_is_refused(locale: str, form: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        write_date(datetime.date(1987, 3, 5), locale, form)
