"""The words of a table in HTML, each replaced by its translation in the place where it stood."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape, unescape

__all__ = ["breakable", "said", "translated"]

BOX = re.compile(r'<div class="qkv-words".*?</table></div>', re.DOTALL)
WORDS = re.compile(
    r'(aria-label="|<caption>|<th scope="(?:col|row)">|<td>)([^"<]+(?:<wbr>[^"<]+)*)'
)
JOINT = re.compile(r"[._](?=[A-Za-z])")


def breakable(name: str) -> str:
    """Return a name as HTML that may go on in the next line behind each of its joints.

    Parameters
    ----------
    name : str

    Returns
    -------
    str

    Examples
    --------
    >>> breakable("need_weights")
    'need_<wbr>weights'
    """
    return JOINT.sub(r"\g<0><wbr>", escape(name))


def said(html: str) -> Iterator[str]:
    """Yield the captions, names and cells of the tables of words in some HTML.

    Parameters
    ----------
    html : str

    Yields
    ------
    str

    Examples
    --------
    >>> list(said('<div class="qkv-words"><table><td>at &lt; 1</td></table></div><td>x</td>'))
    ['at < 1']
    """
    for box in BOX.findall(html):
        for _, text in WORDS.findall(box):
            yield _plain(text)


def translated(html: str, translate: Callable[[str], str | None]) -> str:
    """Return some HTML with each word of its tables that has a translation replaced by it.

    Parameters
    ----------
    html : str
    translate : callable

    Returns
    -------
    str

    Examples
    --------
    >>> html = '<div class="qkv-words"><table><td>{}</td></table></div>'
    >>> translated(html.format("hidden"), {"hidden": "被遮住"}.get) == html.format("被遮住")
    True
    """

    def word(found: re.Match[str]) -> str:
        translation = translate(_plain(found[2]))
        if translation is None:
            return found[0]
        return found[1] + (breakable if "row" in found[1] else escape)(translation)

    return BOX.sub(lambda box: WORDS.sub(word, box[0]), html)


def _plain(text: str) -> str:
    """Return a word as it was before it became HTML."""
    return unescape(text.replace("<wbr>", ""))
