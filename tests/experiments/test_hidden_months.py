"""What is hidden: the month's own characters, the one after them, or both, and nothing else."""

import datetime

import pytest

from qkv_lib.data.dates import LOCALES, date_pair
from qkv_lib.experiments import hidden_months
from qkv_lib.models.translation import load_translator

DATE = datetime.date(1999, 10, 30)


@pytest.mark.parametrize("locale", LOCALES)
def test_the_month_is_moved_and_nothing_else(locale: str) -> None:
    pair = date_pair(DATE, locale, "full")
    start, stop = pair.source.spans["month"]
    moved = {what: hidden_months.with_month_at(pair, what) for what in ("month", "after", "both")}
    places = {what: each.source.spans["month"] for what, each in moved.items()}
    assert places == {"month": (start, stop), "after": (stop, stop + 1), "both": (start, stop + 1)}
    for each in moved.values():
        assert each.source.text == pair.source.text
        assert each.target == pair.target
        assert {**each.source.spans, "month": (start, stop)} == pair.source.spans
    assert pair == date_pair(DATE, locale, "full")  # the pair itself stays


def test_the_mark_after_a_chinese_month_is_yue() -> None:
    pair = hidden_months.with_month_at(date_pair(DATE, "zh", "full"), "after")
    start, stop = pair.source.spans["month"]
    assert pair.source.text[start:stop] == "月"


def test_one_translator_reads_the_month_at_the_mark_and_one_at_the_number() -> None:
    dot, additive = (
        hidden_months.months_right(load_translator(name), "zh", n=40)
        for name in ("dot", "additive")
    )
    assert dot["month"] > 0.9 > 0.3 > max(dot["after"], dot["both"])
    assert additive["after"] > 0.9 > 0.4 > max(additive["month"], additive["both"])
