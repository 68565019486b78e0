"""Sphinx extension: equations and figures are numbered by chapter: (2.1), Fig. 2.1, in 6.1 (6.1.1).

The number of a chapter is that of its file's name (`02-concepts`, `06-1-images`). What stands on a
page without one is numbered alone, from 1.
"""

import re
from pathlib import PurePosixPath
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.environment.collectors.toctree import TocTreeCollector

Numbers = dict[str, tuple[int, ...]]

assign_through_the_book = TocTreeCollector.assign_figure_numbers


def chapter(page: str) -> tuple[int, ...]:
    """Return the number of a page's chapter.

    >>> chapter("book/02-concepts"), chapter("book/06-1-images"), chapter("book/index")
    ((2,), (6, 1), ())
    """
    found = re.match(r"\d\d(?:-\d(?=-))?", PurePosixPath(page).name)
    return tuple(int(part) for part in found[0].split("-")) if found else ()


def by_chapter(page: str, numbers: Numbers) -> Numbers:
    """Return the numbers of a page's equations or figures, in their order, begun anew.

    >>> by_chapter("book/02-concepts", {"eq-a": (9,), "eq-b": (12,)})
    {'eq-a': (2, 1), 'eq-b': (2, 2)}
    """
    ordered = sorted(numbers, key=numbers.__getitem__)
    return {name: (*chapter(page), i) for i, name in enumerate(ordered, start=1)}


def assign_by_chapter(self: TocTreeCollector, env: BuildEnvironment) -> list[str]:
    """Assign numbers as Sphinx does, then by chapter; return the pages whose numbers changed."""
    before = env.toc_fignumbers
    assign_through_the_book(self, env)
    env.toc_fignumbers = {
        page: {kind: by_chapter(page, numbers) for kind, numbers in kinds.items()}
        for page, kinds in env.toc_fignumbers.items()
    }
    return [page for page, kinds in env.toc_fignumbers.items() if kinds != before.get(page)]


def setup(_app: Sphinx) -> dict[str, Any]:
    """Take the place of Sphinx's numbering."""
    TocTreeCollector.assign_figure_numbers = assign_by_chapter  # type: ignore[method-assign]
    return {"parallel_read_safe": True, "parallel_write_safe": True}
