"""Refuse to publish a site that is empty or partial.

Run as ``python -m workshop.site [FOLDER]``; prints what is missing and fails. Jupyter Book 2 in
place of 1, a page that was dropped, a build that stopped half-way: all of them leave a folder that
a web server would gladly serve.
"""

import sys
from pathlib import Path

from bs4 import BeautifulSoup

from workshop.pages import ROOT, listed_pages, markdown_parts

SHORTEST = 200
"""Words that the shortest page has; an empty one has those of the menus, which are not counted."""
PARTS = ("index.html", "searchindex.js", "objects.inv", "_static/katex/katex.min.css")


def missing(site: Path) -> list[str]:
    """Return what keeps the site from being whole."""
    faults = [f"no {name}" for name in PARTS if not (site / name).is_file()]
    for source in listed_pages():
        page = site / source.relative_to(ROOT).with_suffix(".html")
        if not page.is_file():
            faults.append(f"no {page.relative_to(site)}")
        else:
            faults += [f"{page.relative_to(site)}: {each}" for each in _missing_on(page, source)]
    return faults


def _missing_on(page: Path, source: Path) -> list[str]:
    article = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").find("article")
    if article is None:
        return ["no text"]
    words = len(article.get_text().split())
    written = sum(len(part.split()) for part in markdown_parts(source))
    least = min(SHORTEST, written // 2)
    return [f"{words} words of about {written}"] if words < max(least, 1) else []


def main(arguments: list[str]) -> None:
    """Check the site in a folder, `_build/html` if none is given."""
    site = Path(arguments[0]) if arguments else ROOT / "_build" / "html"
    if faults := missing(site):
        sys.exit(f"{site} is not whole:\n" + "\n".join(faults))
    print(f"{site} is whole: {len(listed_pages())} pages")


if __name__ == "__main__":
    main(sys.argv[1:])
