"""The sentence made by hand: pick a word, see what it asks, what it finds and what it is handed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qkv_lib.data.sentence import (
    ASKED,
    CHINESE,
    CHINESE_COLD,
    COLD,
    FEATURES,
    GUESS,
    LEXICON,
    LIKE,
    PAD,
    THIRSTY,
    WHO,
    Head,
    Step,
    layers,
    named,
    reason,
    words_of,
)
from qkv_lib.explorers._page import HAN, Explorer, table

__all__ = ["sentence"]

HEADS = {1: (GUESS,), 2: (LIKE, WHO)}
LONGEST = 14  # words; more do not fit a line


def sentence(
    words: Sequence[str] = THIRSTY,
    *,
    asking: str | None = None,
    depth: int = 1,
    causal: bool | None = None,
    name: str | None = None,
) -> Explorer:
    """One sentence whose scores can be worked out in the head, word by word.

    The reader picks the word that asks, the last word (*thirsty* or *cold*), one layer or two,
    or other words of the lexicon, and sees the query, each score as a sum of named products,
    the weights, and what is handed over.

    Parameters
    ----------
    words : sequence of str
        Words of `qkv_lib.data.lexicon.LEXICON`, at most 14, or one string.
    asking : str, optional
        The word that asks at first; the first pronoun by default, or the first word.
    depth : {1, 2}
        The layers at first.
    causal : bool, optional
        Whether a word sees only itself and the words before it, at first. If not given, the
        figure does not offer a mask.
    name : str, optional
        Makes the ``id`` of the figure; derived from the words by default.

    Returns
    -------
    Explorer
        A notebook shows it when a cell ends in it.

    Raises
    ------
    ValueError
        A word is not in the lexicon, there is none or more than 14, ``asking`` is not among them,
        ``depth`` is neither 1 nor 2, or ``name`` is no word.

    Examples
    --------
    >>> sentence(name="thirsty")
    <explorer sentence-thirsty>
    >>> sentence("the dog spilled the tea because it was cold", depth=2, name="tea")
    <explorer sentence-tea>
    """
    line = words_of(words)
    if len(line) > LONGEST:
        raise ValueError(f"words has {len(line)} words, needs at most {LONGEST}")
    if asking is None:
        asking = next((word for word in line if "pronoun" in LEXICON[word]), line[0])
    if asking not in line:
        raise ValueError(f"asking is {asking!r}, needs one of {', '.join(line)}")
    row = line.index(asking)
    steps = layers(line, depth=depth, causal=bool(causal))
    fallback = "\n".join(
        _static(line, row, step, head) for step, head in zip(steps, HEADS[depth], strict=True)
    )
    data = {
        "words": line, "row": row, "depth": depth, "causal": causal, "longest": LONGEST,
        "sentences": [CHINESE, CHINESE_COLD] if HAN.search("".join(line)) else [THIRSTY, COLD],
        "lexicon": {word: found for word, found in LEXICON.items() if word != PAD},
        "features": FEATURES, "asked": ASKED,
        "heads": [[_data(head) for head in HEADS[number]] for number in HEADS],
    }  # fmt: skip
    return Explorer("sentence", "Sentence", data, fallback, name)


def _data(head: Head) -> dict[str, Any]:
    """Return a head as JSON: its numbers are whole."""
    matrices = {
        letter: getattr(head, letter).astype(int).tolist() for letter in ("W_Q", "W_K", "W_V")
    }
    return {"name": head.name, "handed": head.handed, **matrices}


def _static(words: Sequence[str], row: int, step: Step, head: Head) -> str:
    """Return one layer as a table, for print and for pages without scripts."""
    asks = named(step.Q[row], ASKED) or "nothing"
    given = named(step.output[row], head.handed) or "nothing"
    cells = [
        [named(k, ASKED), reason(step.Q[row], k), f"{weight:.2f}", named(v, head.handed)]
        for k, v, weight in zip(step.K, step.V, step.weights[row], strict=True)
    ]
    return table(
        f"{head.name} – {words[row]} asks for {asks}, and is handed {given}",
        cells,
        row_names=words,
        column_names=["key", "score", "weight", "value"],
    )
