"""Training translators of dates and judging them: exact match, and alignment with the truth."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from importlib.resources import files
from itertools import product
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from qkv_lib.data.dates import (
    FIRST_YEAR,
    FORMATS,
    LOCALES,
    DatePair,
    date_pair,
    sample_pairs,
    split_dates,
)  # fmt: skip
from qkv_lib.layers import initialise
from qkv_lib.models.decoding import END, greedy, shifted_right
from qkv_lib.models.training import Batch, fit, minibatches
from qkv_lib.models.translator import (
    PAD,
    RecurrentTranslator,
    TransformerTranslator,
    Translator,
)  # fmt: skip

__all__ = [
    "RECIPES", "Alphabets", "TranslatorRecipe", "alphabets", "exact_match", "load_translator",
    "train_translator", "translation_loss",
]  # fmt: skip

BATCH_SIZE = 64
WEIGHTS = "translators.npz"


class Alphabets(NamedTuple):
    """The symbols of both sides, each with its number: its place here.

    Attributes
    ----------
    source : tuple of str
        Padding, then single characters.
    target : tuple of str
        Padding, start and end, then English tokens.
    """

    source: tuple[str, ...]
    target: tuple[str, ...]

    def encode(self, pairs: Sequence[DatePair]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return sources (n, m) and targets (n, l) as numbers, padded; targets close with END.

        Raises
        ------
        ValueError
            A pair has a symbol that is in neither alphabet.
        """
        sources = [_numbers(self.source, pair.source.text) for pair in pairs]
        targets = [[*_numbers(self.target, pair.target), END] for pair in pairs]
        return _padded(sources), _padded(targets)

    def decode(self, target: Tensor | NDArray[np.int64]) -> list[str]:
        """Return the English text of each row up to its END."""
        rows = [[self.target[number] for number in row] for row in target.tolist()]
        return ["".join(row).partition(self.target[END])[0] for row in rows]


@cache
def alphabets() -> Alphabets:
    """Return the alphabets of all locales and forms, in the order of Unicode.

    Returns
    -------
    Alphabets

    Examples
    --------
    >>> source, target = alphabets()
    >>> len(source), target[:5]
    (104, ('<pad>', '<start>', '<end>', ' ', ', '))
    """
    first = datetime.date(FIRST_YEAR, 1, 1)  # any one year has every month, weekday and digit
    year = [first + datetime.timedelta(days) for days in range(365)]
    pairs = [date_pair(day, *how) for day in year for how in product(LOCALES, FORMATS)]
    source = sorted({letter for pair in pairs for letter in pair.source.text})
    target = sorted({token for pair in pairs for token in pair.target})
    return Alphabets(("<pad>", *source), ("<pad>", "<start>", "<end>", *target))


def _numbers(alphabet: tuple[str, ...], symbols: Iterable[str]) -> list[int]:
    number = {symbol: place for place, symbol in enumerate(alphabet)}
    try:
        return [number[symbol] for symbol in symbols]
    except KeyError as error:
        raise ValueError(f"{error.args[0]!r} is no symbol of this alphabet") from None


def _padded(rows: list[list[int]]) -> NDArray[np.int64]:
    padded = np.full((len(rows), max(map(len, rows))), PAD)
    for row, numbers in zip(padded, rows, strict=True):
        row[: len(numbers)] = numbers
    return padded


class TranslatorRecipe(NamedTuple):
    """A translator and how fast it learns; everything else is the same for all.

    Attributes
    ----------
    make : callable
        ``make(n_source, n_target)`` returns a new model.
    lr : float
        The highest learning rate, chosen on validation dates.
    """

    make: Callable[[int, int], Translator]
    lr: float


RECIPES = {
    "no attention": TranslatorRecipe(partial(RecurrentTranslator, score="none"), lr=0.04),
    "additive": TranslatorRecipe(partial(RecurrentTranslator, score="additive"), lr=0.02),
    "dot": TranslatorRecipe(partial(RecurrentTranslator, score="dot"), lr=0.02),
    "Transformer": TranslatorRecipe(TransformerTranslator, lr=0.01),
}
"""How each translator is made and trained.

:meta hide-value:
"""


def translation_loss(model: Translator, source: Tensor, target: Tensor) -> Tensor:
    """Return the mean cross-entropy of each symbol after the right ones before it.

    Parameters
    ----------
    model : Translator
    source : integer tensor of shape (batch, m)
    target : integer tensor of shape (batch, n)
        Padding does not count.

    Returns
    -------
    tensor of one number

    Examples
    --------
    >>> model, one = RecurrentTranslator(5, 6, d=4), torch.ones(2, 3, dtype=torch.int64)
    >>> translation_loss(model, one, one).shape
    torch.Size([])
    """
    logits = model(source, shifted_right(target))
    return cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=PAD)


def train_translator(
    recipe: TranslatorRecipe,
    *,
    seed: int,
    n_updates: int,
    n_pairs: int = 16_000,
    locales: Sequence[str] = tuple(LOCALES),
    watch: Callable[[int, Translator], None] | None = None,
    every: int = 100,
) -> Translator:
    """Make a translator, train it on dates of the training days and return it.

    Parameters
    ----------
    recipe : TranslatorRecipe
    seed : int
        Draws the first weights, the pairs and their order.
    n_updates : int
        Steps of training, each on 64 pairs.
    n_pairs : int
        How many different pairs at most.
    locales : sequence of str
        The languages; the alphabets are always those of all.
    watch : callable, optional
        ``watch(n_done, model)`` is called after every ``every`` updates, for learning curves.
    every : int

    Returns
    -------
    Translator

    Examples
    --------
    >>> model = train_translator(RECIPES["dot"], seed=0, n_updates=2, n_pairs=64, locales=["zh"])
    >>> model.score
    'dot'
    """
    rng = np.random.default_rng(seed)
    symbols = alphabets()
    model = initialise(recipe.make(*map(len, symbols)), rng)
    pairs = sample_pairs(split_dates().train, n_pairs, rng, locales=locales)
    batches: Iterable[Batch] = minibatches(*symbols.encode(pairs), rng, batch_size=BATCH_SIZE)
    if watch is not None:
        batches = _watched(batches, every, lambda n_done: watch(n_done, model))
    fit(model, batches, n_updates=n_updates, lr=recipe.lr, loss=translation_loss)
    if watch is not None:
        watch(n_updates, model)
    return model


def _watched(batches: Iterable[Batch], every: int, look: Callable[[int], None]) -> Iterator[Batch]:
    """Hand the batches on; look whenever a multiple of ``every`` of them has been learned from."""
    for n_done, batch in enumerate(batches):
        if n_done and n_done % every == 0:
            look(n_done)
        yield batch


def exact_match(
    model: Translator, symbols: Alphabets, pairs: Sequence[DatePair]
) -> NDArray[np.bool_]:
    """Tell which pairs a model translates without any error, by greedy decoding.

    Parameters
    ----------
    model : Translator
    symbols : Alphabets
    pairs : sequence of DatePair

    Returns
    -------
    boolean array of shape (n_pairs,)

    Examples
    --------
    >>> symbols, pairs = alphabets(), sample_pairs(split_dates().test, 3, np.random.default_rng(0))
    >>> exact_match(load_translator("additive"), symbols, pairs)
    array([ True,  True,  True])
    """
    source, _ = symbols.encode(pairs)
    written = symbols.decode(greedy(model, torch.from_numpy(source)))
    return np.array([text == pair.english for text, pair in zip(written, pairs, strict=True)])


def load_translator(name: str) -> Translator:
    """Return the translator of that name that ``make results`` trained with seed 0.

    Parameters
    ----------
    name : str
        A key of `RECIPES`.

    Returns
    -------
    Translator
        In evaluation mode and float64; its weights were stored in half precision.

    Raises
    ------
    ValueError
        There is no translator of that name.

    Examples
    --------
    >>> load_translator("Transformer").answer.weight.dtype
    torch.float64
    """
    if name not in RECIPES:
        raise ValueError(f"name is {name!r}, needs one of {', '.join(RECIPES)}")
    model = RECIPES[name].make(*map(len, alphabets())).double()
    with files("qkv_lib.models").joinpath(WEIGHTS).open("rb") as file, np.load(file) as stored:
        state = {
            key: torch.from_numpy(stored[f"{name}/{key}"].astype(np.float64))
            for key in model.state_dict()
        }
    model.load_state_dict(state)
    return model.eval()
