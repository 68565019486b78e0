"""Where the links of a page lead when the page is a notebook of its own."""

import posixpath
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from docutils import nodes

from workshop.copies.markdown import Target, UnreadableError

INDEX = "book/index"  # its copy is the notebook that greets
BIBLIOGRAPHY = "book/appendix/bibliography"
EQUATION = "equation-"  # what Sphinx puts in front of an equation's label


def heading_id(title: str) -> str:
    """Return the place that JupyterLab, nbconvert and nbviewer give a heading.

    >>> heading_id('2. Concepts (<span lang="zh">核心</span>)')
    '2.-Concepts-(核心)'
    """
    return re.sub(r"<[^>]*>", "", title).replace(" ", "-")


def works(citations: Iterable[Any]) -> dict[str, str]:
    """Return the address of each cited work, by the place of its entry in the bibliography."""
    found = {}
    for each in citations:
        fields = each.entry.fields
        address = f"https://doi.org/{fields['doi']}" if "doi" in fields else fields.get("url", "")
        found[each.citation_id] = address
    return found


class Links:
    """Resolve the references of one page.

    Parameters
    ----------
    page : str
        The page's name, for instance ``book/03-algorithm``.
    places : mapping
        For each page that has a notebook, what a link may name in it: for a heading its words, for
        anything else its own name.
    works : mapping
        The address of each entry of the bibliography (`works`).
    site : str
        The address of the published book, with a slash at its end; empty where it is not known.
    """

    def __init__(
        self,
        page: str,
        *,
        places: Mapping[str, Mapping[str, str]],
        works: Mapping[str, str],
        site: str = "",
    ) -> None:
        self.page, self.places, self.works, self.site = page, places, works, site

    def __call__(self, node: nodes.reference) -> Target | None:
        """Return where a reference leads; None where it cannot lead anywhere."""
        if not node.get("internal") and node.get("refuri"):
            return Target(node["refuri"])
        page, place = self._named(node)
        if page in self.places:
            file = "" if page == self.page else f"{PurePosixPath(page).name}.ipynb"
            return Target(file + self._fragment(page, place))
        if page == BIBLIOGRAPHY and place:
            address = self.works[place]
            return Target(address, node.get("reftitle", "")) if address else None
        fragment = f"#{place}" if place else ""
        return Target(f"{self.site}{page}.html{fragment}") if self.site else None

    def _named(self, node: nodes.reference) -> tuple[str, str]:
        """Return the page and the place that a reference names."""
        if "refid" in node:
            return self.page, node["refid"]
        address, _, place = node["refuri"].partition("#")
        if not address:
            return self.page, place
        joined = posixpath.join(posixpath.dirname(self.page), address)
        return posixpath.normpath(joined).removesuffix(".html"), place

    def _fragment(self, page: str, place: str) -> str:
        """Return the part of an address that names a place in a notebook."""
        if not place:
            return ""
        if place.startswith((EQUATION, "fig-")):
            return f"#{place.removeprefix(EQUATION)}"
        words = self.places[page].get(place)
        if words is None:
            raise UnreadableError(
                f"{self.page} links to {page}#{place}, where nothing has that name"
            )
        return f"#cell-id={place}" if words == place else f"#{heading_id(words)}"
