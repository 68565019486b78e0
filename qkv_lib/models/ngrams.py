"""The next token by counting: how often it followed the few tokens before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from qkv_lib.formula.checks import check_count, check_number

__all__ = ["NGrams"]

Tokens = Sequence[int] | NDArray[np.int64]
Counts = Counter[tuple[int, ...]]


class NGrams:
    r"""Interpolated Kneser-Ney: each order takes a discount and gives it to the order below.

    .. math::
        \begin{aligned}
        p_k(t \mid c) &= \frac{\max(N(c t) - D, 0)}{N(c)} \\
        &\quad + \frac{D\, N_{1+}(c\, \cdot)}{N(c)}\, p_{k-1}(t \mid c') \\
        p_0(t) &= 1 / n_\text{tokens}
        \end{aligned}

    The highest order counts how often ``c t`` occurs; those below count after how many different
    tokens it does.

    Parameters
    ----------
    tokens : integer array of shape (n,)
        The text to count in.
    n_tokens : int
        How many different tokens there are.
    order : int
        The longest run of tokens that is counted, the predicted one included.
    discount : float
        Between 0 and 1.

    References
    ----------
    Kneser and Ney 1995, "Improved backing-off for m-gram language modeling"; Chen and Goodman
    1999, "An empirical study of smoothing techniques for language modeling", section 2.7.

    Examples
    --------
    >>> model = NGrams([0, 1, 2, 0, 1, 2, 0, 1], n_tokens=3, order=2, discount=0.5)
    >>> model.following([0]).round(2)
    array([0.06, 0.89, 0.06])
    """

    def __init__(self, tokens: Tokens, *, n_tokens: int, order: int, discount: float) -> None:
        self.n_tokens = check_count("n_tokens", n_tokens, least=1)
        self.order = check_count("order", order, least=1)
        self.discount = check_number("discount", discount, positive=True)
        text = [int(each) for each in tokens]
        self._counts = _counts(text, self.order)
        self._totals, self._kinds = zip(*map(_of_contexts, self._counts), strict=True)

    def following(self, context: Tokens) -> NDArray[np.float64]:
        """Return the probability of each token after a context, of shape (n_tokens,)."""
        before = tuple(int(each) for each in context)
        return np.array([self._p((*before, token)) for token in range(self.n_tokens)])

    def loss(self, tokens: Tokens) -> float:
        """Return the mean of −ln p over the tokens of a text but the first."""
        text = [int(each) for each in tokens]
        spans = (tuple(text[max(0, i + 1 - self.order) : i + 1]) for i in range(1, len(text)))
        return -float(np.mean([np.log(self._p(span)) for span in spans]))

    def _p(self, span: tuple[int, ...]) -> float:
        """Return the probability of the last token of a span, given those before it."""
        p = 1 / self.n_tokens
        for k in range(1, min(len(span), self.order) + 1):
            gram = span[-k:]
            total = self._totals[k - 1].get(gram[:-1], 0)
            if total == 0:
                break  # never seen: neither is any longer context
            kept = max(self._counts[k - 1].get(gram, 0) - self.discount, 0)
            p = (kept + self.discount * self._kinds[k - 1][gram[:-1]] * p) / total
        return p


def _counts(text: list[int], order: int) -> list[Counts]:
    """Return the counts of each order from 1: of occurrences, or of what precedes."""
    highest = Counter(_grams(text, order))
    kinds = (Counter(gram[1:] for gram in set(_grams(text, k + 1))) for k in range(1, order))
    return [*kinds, highest]


def _grams(text: list[int], k: int) -> Iterable[tuple[int, ...]]:
    return zip(*(text[i:] for i in range(k)), strict=False)


def _of_contexts(counts: Counts) -> tuple[Counts, Counts]:
    """Return for each context the sum of its counts, and how many different tokens follow it."""
    totals: Counts = Counter()
    for gram, count in counts.items():
        totals[gram[:-1]] += count
    return totals, Counter(gram[:-1] for gram in counts)
