"""The Python front of the live figures: data and scripts in, one piece of HTML out.

A page needs nothing else: no network, no server, no kernel. Where no script runs, and in
print, the reader sees the tables that stand inside the element.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np

from qkv_lib.data import sentence
from qkv_lib.formula.arrays import Array, shape
from qkv_lib.language import language, words_of

HAN = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff]")  # the characters of Chinese
THOUSANDS = ("", "thousand", "million", "billion", "trillion", "quadrillion", "quintillion")
BYTES = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
CHARTED = ("cost", "rope", "scaling")  # the kinds that draw a chart
STYLED = ("heads", "sentence", "writer")  # the kinds with a style sheet of their own
LIMIT = 1_000_000  # the largest number a field takes: its products stay exact enough to show


@dataclass(frozen=True)
class Explorer:
    """A live figure. Jupyter shows it when a cell ends in it.

    Parameters
    ----------
    kind : str
        The explorer, for instance ``"steps"``, which is also the name of its script.
    element : str
        The name of its class in that script.
    data : mapping
        What the script starts from; must be JSON.
    fallback : str
        HTML for print and for pages without scripts.
    name : str, optional
        Makes the ``id`` of the element; a digest of the data by default.
    """

    kind: str
    element: str
    data: Mapping[str, Any]
    fallback: str
    name: str | None = None

    def __post_init__(self) -> None:
        name = self.name
        if name is not None and not (isinstance(name, str) and re.fullmatch(r"[\w-]+", name)):
            raise ValueError(f"name is {name!r}, needs letters, digits, hyphens or underscores")

    def __repr__(self) -> str:
        return f"<explorer {self.id}>"

    @cached_property
    def json(self) -> str:
        """The data, every float in full."""
        return json.dumps(self.data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

    @property
    def id(self) -> str:
        """The ``id`` of the element, the same in every run."""
        name = self.name or hashlib.sha256(self.json.encode()).hexdigest()[:8]
        return f"{self.kind}-{name}"

    def _repr_html_(self) -> str:
        tag = f"qkv-{self.kind}"
        # The first line break is for JupyterLab: where a reader has to allow the script by
        # hand, it afterwards removes the output's first node.
        return (
            f'\n<{tag} id="{self.id}" data-explorer="{escape(self.json)}">\n'
            f"<style>{style(tag)}</style>\n"
            f"{self.fallback}\n</{tag}>\n<script>\n{script(self.kind, self.element)}</script>\n"
            f"{speaker()}"
        )


def style(tag: str) -> str:
    """Return the rules of the static page, and the scheme of controls on dark pages."""
    dark = f":is([data-theme=dark], [data-jp-theme-light=false]) {tag}"
    return (
        f"{tag} :is(th, td) {{ padding: 0.2rem 0.6rem; text-align: right }} "
        f"{dark} {{ color-scheme: dark }}"
    )


def script(kind: str, element: str) -> str:
    """Return the JavaScript of one explorer; run twice, it defines its element once."""
    tag = f"qkv-{kind}"
    charted = ["chart.js"] if kind in CHARTED else []
    css = read("explorers.css") + (read(f"{kind}.css") if kind in STYLED else "")
    source = "".join(read(name) for name in ("math.js", "page.js", *charted, f"{kind}.js"))
    return (
        f'(() => {{\nif (customElements.get("{tag}")) return;\n'
        f"const LIMIT = {LIMIT};\nconst CSS = {json.dumps(css)};\n"
        f'{source}customElements.define("{tag}", {element});\n}})();\n'
    )


def speaker(name: str | None = None) -> str:
    """Return what lets the live figures before it speak a language, by default the one asked for.

    Where a document holds several figures, the first brings the words for all of them.
    """
    source = speech(language() if name is None else name)
    return f"<script>\n{source}</script>\n" if source else ""


def speech(name: str) -> str:
    """Return the JavaScript that translates live figures; nothing for English."""
    words = words_of(__package__, name)
    if not words:
        return ""
    told = {"WORDS": words, "FEATURES": features()}
    lines = [
        f"const {variable} = {json.dumps(data, ensure_ascii=False)};\n"
        for variable, data in told.items()
    ]
    return "(() => {\n" + "".join(lines).replace("</", "<\\/") + read("speak.js") + "})();\n"


def features() -> list[str]:
    """Return the names of the features of the sentence made by hand, and of what asks for them."""
    heads = [sentence.GUESS, sentence.LIKE, sentence.WHO]
    names = [*sentence.FEATURES, *sentence.ASKED, *(each for head in heads for each in head.handed)]
    return list(dict.fromkeys([*names, *(head.name for head in heads), "nothing"]))


def read(name: str) -> str:
    """Return the text of a file of this package."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def table(
    caption: str,
    rows: Sequence[Sequence[float | str]],
    *,
    row_names: Sequence[str],
    column_names: Sequence[str],
) -> str:
    """Return a table with named rows and columns, in a box that scrolls when it is too wide.

    Numbers are written alike in all cells; what is a string already is left as it is.
    """
    numbers = [x for row in rows for x in row if not isinstance(x, str)]
    digits = 0 if all(float(x).is_integer() for x in numbers) else 4
    head = "".join(f'<th scope="col"{lang(name)}>{escape(name)}</th>' for name in column_names)
    body = "".join(
        f'<tr><th scope="row"{lang(name)}>{escape(name)}</th>'
        + "".join(f"<td>{escape(x) if isinstance(x, str) else write(x, digits)}</td>" for x in row)
        + "</tr>\n"
        for name, row in zip(row_names, rows, strict=True)
    )
    # "dataframe" is the class by which themes know a table of numbers, in light and in dark.
    return (
        f'<div style="overflow-x: auto"><table class="dataframe">\n'
        f"<caption>{escape(caption)}</caption>\n"
        f"<thead><tr><td></td>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div>"
    )


def write(x: float, digits: int = 4) -> str:
    """Write a number as the scripts do: with a true minus, and no minus before zero.

    >>> write(-1.5), write(-0.00001), write(2.0, 0)
    ('−1.5000', '0.0000', '2')
    """
    text = f"{x:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "−")


def lang(text: str) -> str:
    """Return the attribute that tells a screen reader to speak a token as Chinese, or nothing.

    >>> lang("三月"), lang("March")
    (' lang="zh"', '')
    """
    return ' lang="zh"' if HAN.search(text) else ""


def spoken(x: float, unit: int = 1000, units: Sequence[str] = THOUSANDS) -> str:
    """Write a large number in three digits and a word, as the scripts do.

    >>> spoken(4_294_967_296), spoken(999), spoken(4_294_967_296, 1024, BYTES)
    ('4.29 billion', '999', '4 GiB')
    """
    power = next((i for i in range(len(units) - 1) if x < unit ** (i + 1)), len(units) - 1)
    return f"{float(f'{x / unit**power:.3g}'):g} {units[power]}".rstrip()


def check_matrix(name: str, array: Array) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return a checked array as a float64 matrix.

    Raises
    ------
    ValueError
        It has not exactly two axes, has no entries, or an entry is too large to show.
    """
    if array.ndim != 2 or 0 in shape(array):
        raise ValueError(f"{name} has shape {shape(array)}, needs two axes (length, features)")
    matrix = np.array(array.tolist(), dtype=np.float64)
    if np.abs(matrix).max() > LIMIT:
        raise ValueError(
            f"{name} holds {np.abs(matrix).max():g} in size, needs entries of at most {LIMIT:,}"
        )
    return matrix


def check_tokens(
    tokens: Sequence[str], n: int, *, of: str, axis: str = "rows", argument: str = "tokens"
) -> list[str]:
    """Return the tokens as a list: one for each of the ``n`` rows or columns of ``of``.

    Raises
    ------
    TypeError
        They are not a sequence of strings.
    ValueError
        There are not ``n`` of them.
    """
    if isinstance(tokens, str) or not all(isinstance(token, str) for token in tokens):
        raise TypeError(f"{argument} is {tokens!r}, needs a list of strings")
    if len(tokens) != n:
        raise ValueError(
            f"{argument} has {len(tokens)} names but {of} has {n} {axis}: "
            f"one name per {axis.removesuffix('s')}"
        )
    return list(tokens)
