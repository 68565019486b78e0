"""Sphinx extension: a search that finds Chinese as well as English.

Chinese is written without spaces, so Sphinx's English search takes each run of characters for one
word and finds a term only where it stands alone. Here a run is indexed by its characters and by its
pairs of neighbours, and a query is cut the same way: 注意力 is found where 注意 and 意力 are.
"""

import re
from typing import Any

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

CHINESE = r"\u3400-\u4dbf\u4e00-\u9fff"  # for Python and for JavaScript
WORDS = re.compile(rf"[{CHINESE}]+|[^\W{CHINESE}]+")


def pairs(run: str) -> list[str]:
    """Return the neighbours of a run of Chinese, two by two.

    >>> pairs("注意力"), pairs("键")
    (['注意', '意力'], ['键'])
    """
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


def is_chinese(word: str) -> bool:
    """Tell whether a word found by `WORDS` is a run of Chinese."""
    return re.match(rf"[{CHINESE}]", word) is not None


class SearchBilingual(SearchEnglish):
    """English words, stemmed, and Chinese in pairs."""

    # What the page does with a query: the same cut, but no single characters of a longer run.
    js_splitter_code = rf"""
function splitQuery(query) {{
  const words = query.match(/[{CHINESE}]+|(?:(?![{CHINESE}])[\p{{L}}\p{{N}}_])+/gu) ?? [];
  return words.flatMap((word) => /^[{CHINESE}]{{2,}}$/u.test(word)
    ? [...word].slice(1).map((next, i) => word[i] + next)
    : [word]);
}}
"""

    def split(self, text: str) -> list[str]:
        """Return the words of a text as they are indexed."""
        found = []
        for word in WORDS.findall(text):
            found += [*word, *pairs(word)] if is_chinese(word) else [word]
        return found


def setup(app: Sphinx) -> dict[str, Any]:
    """Take the place of Sphinx's English search."""
    app.add_search_language(SearchBilingual)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
