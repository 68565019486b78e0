"""Dates as five languages write them (Unicode CLDR), and where each piece of a date stands."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from babel import Locale, UnknownLocaleError
from babel.dates import DateTimeFormat, tokenize_pattern
from numpy.typing import NDArray

from qkv_lib.formula.checks import check_count

__all__ = [
    "FORMATS", "LOCALES", "DatePair", "DateSplit", "Written",
    "date_pair", "sample_pairs", "split_dates", "write_date",
]  # fmt: skip

LOCALES = {"zh": "zh", "ja": "ja", "de": "de", "fr": "fr", "ar": "ar_EG"}
"""The languages by their short names, each with its locale in CLDR."""
FORMATS = ("full", "long", "medium", "yMMMEd", "yMMMd", "yMEd", "yMd")
"""The forms that pairs are drawn from, by their names in CLDR."""
KINDS = {"y": "year", "M": "month", "L": "month", "d": "day", "E": "weekday"}
ARABIC_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")

FIRST_YEAR, LAST_YEAR = 1950, 2049
N_HELD_OUT_YEARS = 20
SHARE_TEST, SHARE_VALIDATION = 0.1, 0.05
SPLIT_SEED = 1991  # the year Unicode 1.0 was published

Span = tuple[int, int]


class Written(NamedTuple):
    """A date in writing.

    Attributes
    ----------
    text : str
    spans : dict from str to (start, stop)
        Where ``year``, ``month``, ``day`` and, if it is there, ``weekday`` stand in the text.
    """

    text: str
    spans: dict[str, Span]


class DatePair(NamedTuple):
    """One date in a language and in English.

    Attributes
    ----------
    source : Written
        Its characters are the source tokens.
    target : tuple of str
        The English tokens: a name, one digit, or what stands between them.
    kinds : tuple of str
        What each target token belongs to: ``year``, …, or ``""`` for what stands between.
    locale : str
        A key of `LOCALES`.
    form : str
        One of `FORMATS`.
    date : datetime.date
    """

    source: Written
    target: tuple[str, ...]
    kinds: tuple[str, ...]
    locale: str
    form: str
    date: datetime.date

    @property
    def english(self) -> str:
        """The English text."""
        return "".join(self.target)

    def truth(self) -> NDArray[np.bool_]:
        """Return which source characters each target token translates.

        Returns
        -------
        boolean array of shape (n_target, n_source)
            True inside the piece that a token is a part of; rows of separators hold no True.
        """
        places = np.arange(len(self.source.text))
        spans = [self.source.spans.get(kind, (0, 0)) for kind in self.kinds]
        return np.array([(start <= places) & (places < stop) for start, stop in spans])


class DateSplit(NamedTuple):
    """Days in four parts that share none.

    Attributes
    ----------
    train : list of datetime.date
        Days of 80 years, to learn from.
    validation : list of datetime.date
        Days of the same years, to make choices with.
    test : list of datetime.date
        Days of the same years, for the last number only.
    years : list of datetime.date
        All days of 20 other years, which no other part contains.
    """

    train: list[datetime.date]
    validation: list[datetime.date]
    test: list[datetime.date]
    years: list[datetime.date]


def write_date(date: datetime.date, locale: str, form: str) -> Written:
    """Write a date field by field, as CLDR's pattern of the locale says, and note the places.

    Parameters
    ----------
    date : datetime.date
    locale : str
        A key of `LOCALES`, or any locale that `babel` knows.
    form : str
        ``full``, ``long``, ``medium``, or a CLDR skeleton such as ``yMMMEd``.

    Returns
    -------
    Written

    Raises
    ------
    ValueError
        The locale or the form is unknown, or the pattern has a field that is neither year,
        month, day nor weekday.

    Notes
    -----
    Egypt's Arabic has digits of its own; `babel` writes 0 to 9 everywhere, so they are exchanged
    here.

    References
    ----------
    Unicode Technical Standard 35, part 4, "Date Format Patterns".

    Examples
    --------
    >>> import datetime
    >>> write_date(datetime.date(1987, 3, 5), "de", "full")
    Written(text='Donnerstag, 5. März 1987', spans={'weekday': (0, 10), 'day': (12, 13), \
'month': (15, 19), 'year': (20, 24)})
    """
    try:
        known = Locale.parse(LOCALES.get(locale, locale))
    except UnknownLocaleError:
        raise ValueError(f"locale is {locale!r}, which CLDR does not know") from None
    fields = DateTimeFormat(date, known)
    text, spans = "", {}
    for piece in _pattern(known, form):
        if isinstance(piece, str):  # what stands between the fields
            text += piece
            continue
        letter, width = piece
        if letter not in KINDS:
            raise ValueError(f"form {form!r} of {locale!r} has the field {letter!r}: no date")
        start, text = len(text), text + fields[letter * width]
        spans[KINDS[letter]] = (start, len(text))
    arabic = known.default_numbering_system == "arab"
    return Written(text.translate(ARABIC_DIGITS) if arabic else text, spans)


def _pattern(known: Locale, form: str) -> list[str | tuple[str, int]]:
    patterns = known.date_formats if form in known.date_formats else known.datetime_skeletons
    if form not in patterns:
        raise ValueError(f"form is {form!r}, which CLDR has no pattern for in {str(known)!r}")
    return [content for _, content in tokenize_pattern(patterns[form].pattern)]


def date_pair(date: datetime.date, locale: str, form: str) -> DatePair:
    """Return a date in a language and in English, with the weekday where the source has it.

    Parameters
    ----------
    date, locale, form
        As in `write_date`.

    Returns
    -------
    DatePair

    Examples
    --------
    >>> import datetime
    >>> pair = date_pair(datetime.date(1987, 3, 5), "fr", "full")
    >>> pair.source.text, pair.target
    ('jeudi 5 mars 1987', ('Thursday', ', ', 'March', ' ', '5', ', ', '1', '9', '8', '7'))
    >>> pair.truth()[2].nonzero()[0]          # March is "mars"
    array([ 8,  9, 10, 11])
    """
    source = write_date(date, locale, form)
    text, spans = write_date(date, "en", "full" if "weekday" in source.spans else "long")
    target, kinds, end = [], [], 0
    for kind, (start, stop) in spans.items():
        tokens = list(text[start:stop]) if kind in ("day", "year") else [text[start:stop]]
        between = [text[end:start]] if start > end else []
        target += between + tokens
        kinds += [""] * len(between) + [kind] * len(tokens)
        end = stop
    return DatePair(source, tuple(target), tuple(kinds), locale, form, date)


def split_dates() -> DateSplit:
    """Return the days from 1950 to 2049, always split alike.

    Returns
    -------
    DateSplit

    Examples
    --------
    >>> [len(part) for part in split_dates()]
    [24837, 1461, 2922, 7305]
    """
    rng = np.random.default_rng(SPLIT_SEED)
    years = np.arange(FIRST_YEAR, LAST_YEAR + 1)
    held_out = set(rng.choice(years, size=N_HELD_OUT_YEARS, replace=False).tolist())
    first = datetime.date(FIRST_YEAR, 1, 1).toordinal()
    last = datetime.date(LAST_YEAR, 12, 31).toordinal()
    days = [datetime.date.fromordinal(day) for day in range(first, last + 1)]
    others = [day for day in days if day.year not in held_out]
    shuffled = [others[i] for i in rng.permutation(len(others))]
    n_test, n_validation = (int(s * len(others)) for s in (SHARE_TEST, SHARE_VALIDATION))
    return DateSplit(
        train=shuffled[n_test + n_validation :],
        validation=shuffled[n_test : n_test + n_validation],
        test=shuffled[:n_test],
        years=[day for day in days if day.year in held_out],
    )


def sample_pairs(
    dates: Sequence[datetime.date],
    n: int,
    rng: np.random.Generator,
    *,
    locales: Sequence[str] = tuple(LOCALES),
) -> list[DatePair]:
    """Draw dates, locales and forms, each alike, and return the pairs.

    Parameters
    ----------
    dates : sequence of datetime.date
    n : int
        How many pairs; a date may come again, mostly in another language or form.
    rng : numpy.random.Generator
    locales : sequence of str

    Returns
    -------
    list of DatePair

    Raises
    ------
    TypeError, ValueError
        ``n`` is no integer of at least 1.

    Examples
    --------
    >>> import numpy as np
    >>> pairs = sample_pairs(split_dates().test, 3, np.random.default_rng(0), locales=["zh"])
    >>> [pair.locale for pair in pairs]
    ['zh', 'zh', 'zh']
    """
    n = check_count("n", n, least=1)
    chosen = zip(*(rng.integers(len(c), size=n) for c in (dates, locales, FORMATS)), strict=True)
    return [date_pair(dates[d], locales[where], FORMATS[f]) for d, where, f in chosen]
