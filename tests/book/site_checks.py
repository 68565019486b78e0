"""What a built page must be: one function a rule, each returns the faults it found."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag
from bs4.element import PreformattedString

Check = Callable[[BeautifulSoup], list[str]]

NAMESPACES = "http://www.w3.org/"  # names of XML dialects: never fetched
OUTSIDE = re.compile(r"^\s*(?:https?:|wss?:|ftp:)?//", re.IGNORECASE)
QUOTED = re.compile(r"""["'`]((?:https?:|wss?:)?//[\w-]+(?:\.[\w-]+)+[^"'`\s]*)""", re.IGNORECASE)
NOWHERE = re.compile(r"https?://[\w.-]+\.invalid(?:[/\\]|$)")  # no such host can be (RFC 2606)
CSS_ADDRESS = re.compile(r"""(?:url\(\s*|@import\s+)["']?([^"')\s;]+)""", re.IGNORECASE)
LOADING = ("src", "srcset", "data", "poster", "background", "action", "formaction")
NO_LOADING_LINKS = {"author", "canonical", "license", "next", "prev"}
VERBATIM = ("pre", "code", "script", "style")
LINK = re.compile(r"<a href=[^>]*>")


def outside_in_css(css: str) -> list[str]:
    """Return the addresses on another host that a style sheet loads."""
    return [found for found in CSS_ADDRESS.findall(css) if OUTSIDE.match(found)]


def outside_in_script(script: str) -> list[str]:
    """Return the addresses on another host that a script names in a string, links apart."""
    return [
        found
        for found in QUOTED.findall(LINK.sub("", script))
        if not found.startswith(NAMESPACES) and not NOWHERE.match(found)
    ]


def no_other_host(page: BeautifulSoup) -> list[str]:
    """The page loads nothing from another host: ordinary links are all that may name one."""
    return [f"<{element.name}> loads {address}" for element, address in _outside(page)]


def _outside(page: BeautifulSoup) -> Iterator[tuple[Tag, str]]:
    for element in page.find_all(True):
        for address in _loaded(element):
            if OUTSIDE.match(address):
                yield element, address
        css = element.get("style", "") + (element.get_text() if element.name == "style" else "")
        named = outside_in_script(element.get_text()) if element.name == "script" else []
        handlers = [str(element[name]) for name in element.attrs if name.startswith("on")]
        for address in outside_in_css(css) + named + outside_in_script(" ".join(handlers)):
            yield element, address


def _loaded(element: Tag) -> Iterator[str]:
    """Yield the addresses that a browser fetches for an element without being asked."""
    for name in LOADING:
        if name in element.attrs:
            yield from re.split(r",\s+", element[name])
    if element.name == "link" and not set(element.get("rel", [])) <= NO_LOADING_LINKS:
        yield element.get("href", "")
    if element.name in {"image", "use", "base", "feimage"}:
        yield from (str(element.get(name, "")) for name in ("href", "xlink:href"))
    if element.name == "meta" and element.get("http-equiv", "").lower() == "refresh":
        yield element.get("content", "").partition("=")[2]


def is_one_document(page: BeautifulSoup) -> list[str]:
    """The page says its language and has one title."""
    titles = len(page.select("h1:not(.onlyprint h1)"))  # the theme prints another
    faults = [] if page.html and page.html.get("lang") else ["no lang on <html>"]
    return faults + ([] if titles == 1 else [f"{titles} <h1>"])


def images_have_alt(page: BeautifulSoup) -> list[str]:
    """Each image of the text says what is seen."""
    return [
        f"no alt text: {image.get('src', '')[:80]}"
        for image in page.find_all("img")
        if not image.get("alt", "").strip()
    ] + [
        f"no label: a picture of {len(str(picture))} characters"
        for picture in page.select(".qkv-picture > svg")
        if picture.get("role") != "img" or not str(picture.get("aria-label", "")).strip()
    ]


def ids_come_once(page: BeautifulSoup) -> list[str]:
    """No two elements have one id, and what refers to one inside a picture finds it there."""
    named = Counter(str(each["id"]) for each in page.find_all(id=True))
    faults = [f"{count} elements with the id {name}" for name, count in named.items() if count > 1]
    for picture in page.select(".qkv-picture"):
        found = re.findall(r'(?:href="#|url\(#)([\w.-]+)', str(picture))
        faults += [f"a picture refers to {name}" for name in set(found) if name not in named]
    return faults


def formulas_are_rendered(page: BeautifulSoup) -> list[str]:
    """Each formula is HTML and MathML already, and needs no script."""
    return [
        f"formula not rendered: {formula.get_text()[:80]}"
        for formula in page.select(".math")
        if not formula.select_one(".katex math") or formula.select_one(".katex-error")
    ]


def no_dollars_left(page: BeautifulSoup) -> list[str]:
    """No formula was left as it was typed."""
    text = "".join(_prose(page.find("article") or page))
    return [f"left as typed: {found}" for found in re.findall(r"\$\$|\\\(|\\\[", text)]


def _prose(element: Tag) -> Iterator[str]:
    """Yield the text of an element without code, formulas, scripts and styles."""
    for child in element.children:
        if isinstance(child, Tag):
            if child.name not in VERBATIM and "math" not in child.get("class", []):
                yield from _prose(child)
        elif not isinstance(child, PreformattedString):  # a comment
            yield str(child)


PAGE_CHECKS: list[Check] = [
    no_other_host,
    is_one_document,
    images_have_alt,
    ids_come_once,
    formulas_are_rendered,
    no_dollars_left,
]


def targets(page: BeautifulSoup) -> Iterator[str]:
    """Yield every address on this site that a page links to or loads."""
    for element in page.find_all(["a", "link", "script", "img", "iframe", "source"]):
        address = element.get("href") or element.get("src")
        if address and not re.match(r"[a-z][a-z+.-]*:|//", address, re.IGNORECASE):
            yield address


def broken_targets(pages: dict[Path, BeautifulSoup]) -> list[str]:
    """Return the addresses on the site that lead to no file, or to no anchor in it."""
    anchors = {path: _anchors(page) for path, page in pages.items()}
    faults = []
    for path, page in pages.items():
        for address in set(targets(page)):
            parts = urlsplit(address)
            file = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not file.is_file():
                faults.append(f"{path.name}: no file {address}")
            elif parts.fragment and unquote(parts.fragment) not in anchors.get(file, set()):
                faults.append(f"{path.name}: no anchor {address}")
    return faults


def _anchors(page: BeautifulSoup) -> set[str]:
    named = {str(element["id"]) for element in page.find_all(id=True)}
    return named | {str(element["name"]) for element in page.find_all("a", attrs={"name": True})}
