"""Is a month read at its own characters, or at the one after them? What section 6.3 hides.

Of section 6.3.
"""

from __future__ import annotations

import numpy as np

from qkv_lib.data.dates import LOCALES, DatePair, date_pair, sample_pairs, split_dates
from qkv_lib.experiments.table import Run, Table
from qkv_lib.measures.alignments import pieces_right
from qkv_lib.models.translation import RECIPES, alphabets, load_translator, train_translator
from qkv_lib.models.translator import Translator

__all__ = ["TABLE"]

N_UPDATES, SEEDS = 400, (0, 1, 2)


def months_right(model: Translator, locale: str, *, n: int = 300) -> dict[str, float]:
    """Return how often a model writes the month correctly, by what its decoder may not see.

    Hidden are the characters of the month, the one character after them, or both, in dates that
    are written in full, of years that training never saw.
    """
    drawn = sample_pairs(split_dates().years, n, np.random.default_rng(2))
    pairs = [date_pair(each.date, locale, "full") for each in drawn]
    found = {}
    for what in ("month", "after", "both"):
        moved = [with_month_at(pair, what) for pair in pairs]
        found[what] = pieces_right(model, alphabets(), moved, hide="month")["month"]
    return found


def with_month_at(pair: DatePair, what: str) -> DatePair:
    """Return a pair that calls the month's characters, the one after, or both its month."""
    start, stop = pair.source.spans["month"]
    places = {"month": (start, stop), "after": (stop, stop + 1), "both": (start, stop + 1)}
    spans = {**pair.source.spans, "month": places[what]}
    return pair._replace(source=pair.source._replace(spans=spans))


def cases(_runs: list[Run]) -> list[Run]:
    """Return what is trained: the dot-product translator, with three seeds."""
    return [{"seed": seed} for seed in SEEDS]


def run(seed: int) -> Run:
    """Train the translator as section 6.3 does and return what it knows of a hidden month."""
    model = train_translator(RECIPES["dot"], seed=seed, n_updates=N_UPDATES)
    return {
        locale: {what: round(share, 4) for what, share in months_right(model, locale).items()}
        for locale in LOCALES
    }


def check() -> Run:
    """Return shares of the stored translator: they change with any code below."""
    model = load_translator("dot")
    return {locale: [*months_right(model, locale, n=50).values()] for locale in LOCALES}


TABLE = Table(
    "hidden_months", cases, run, check,
    code=[
        "data/dates", "layers/initialise", "measures/alignments", "models/decoding",
        "models/training", "models/translation", "models/translator",
    ],
)  # fmt: skip
"""What section 6.3 stores of hidden months; from nothing it takes two minutes on one core.

:meta hide-value:
"""
