"""What a browser finds on a page of the book, opened once from its file and looked at all round."""

import gzip
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from axe_playwright_python.sync_playwright import Axe

from tests.browser import STILL, listening

STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PICTURES = (".png", ".svg", ".jpg", ".jpeg", ".webp", ".gif")
PATIENCE = 120_000  # milliseconds: a busy machine is slow, not wrong
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}

# Of two themes the colours alone differ, and of two widths what is laid out: these rules see that.
CONTRAST, OF_LINKS = "color-contrast", "link-in-text-block"
OF_LAYOUT = [
    "scrollable-region-focusable", "target-size", "summary-name", "button-name", "link-name"
]  # fmt: skip

# Buffered: what moved before anybody asked counts, too.
SHIFTS = """() => {
  window.shift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
}"""
FORGET = "() => { localStorage.clear(); sessionStorage.clear(); }"

# axe looks at each element, and a chapter has ten thousand: the parts of formulas, hidden from
# assistive technology, what is drawn in pictures, each an image with one name (axe judges no
# contrast of their texts, which have an image behind them), and spans of code and of the library's
# reference. A formula becomes a box of its size, and a picture an empty one. Of the spans that look
# the same in both themes (their classes say so), one stays in each kind of place.
# What is measured is measured first: after each change the browser would lay all out again.
THIN = """() => {
  const formulas = [...document.querySelectorAll(".katex")];
  const boxes = formulas.map((formula) => formula.getBoundingClientRect());
  const parts = document.querySelectorAll(":is(pre, code) span, dl.py :is(span, em, strong, code)");
  const looks = [...parts].map((part) => {
    const { color, fontSize, fontWeight } = getComputedStyle(part);
    const place = part.closest(".cell_input, .cell_output, .highlight, .sig, .field-list, code");
    return [part, [part.className, color, fontSize, fontWeight, place?.className].join()];
  });
  formulas.forEach((formula, i) => {
    const { width, height } = boxes[i];
    formula.style.cssText = `display: inline-block; width: ${width}px; height: ${height}px`;
    formula.textContent = "";
  });
  const seen = new Set();
  for (const [part, look] of looks.reverse()) {  // what is inside another comes first
    if (part.querySelector("*")) continue;
    if (seen.has(look)) part.replaceWith(part.textContent);
    else seen.add(look);
  }
  const active = "a, [tabindex], [role]";
  for (const part of document.querySelectorAll("svg > :not(title)"))
    if (!part.matches(active) && !part.querySelector(active)) part.remove();
  document.body.normalize();
}"""

# Contrast depends on nothing but the colours of a text, its size and weight, and what is behind it:
# of the texts on the screen that agree in these, light and dark, one is enough. It is the slowest
# rule of all, and looks at each text of the page.
DISTINCT = """() => {
  const KEPT = "input, select, textarea, img, svg, canvas, iframe";
  const texts = (element) => [...element.childNodes].filter(
    (node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const shown = [...document.body.querySelectorAll("*")].filter(
    (element) => texts(element).length && element.checkVisibility({ visibilityProperty: true }));
  const page = document.documentElement.dataset;
  const { theme } = page;
  const looks = ["light", "dark"].map((each) => {
    page.theme = each;
    const known = new Map([[null, { ground: "", opacity: 1 }]]);
    const around = (element) => {  // what is behind it, and how opaque all it stands in makes it
      if (!known.has(element)) {
        const { backgroundColor, backgroundImage, opacity } = getComputedStyle(element);
        const clear = backgroundColor === "rgba(0, 0, 0, 0)" && backgroundImage === "none";
        const outer = around(element.parentElement);
        known.set(element, {
          ground: clear && outer.ground ? outer.ground : backgroundColor + backgroundImage,
          opacity: opacity * outer.opacity,
        });
      }
      return known.get(element);
    };
    return shown.map((element) => {
      const { color, fontSize, fontWeight, textShadow } = getComputedStyle(element);
      const { ground, opacity } = around(element);
      return [color, fontSize, fontWeight, opacity, textShadow, ground].join();
    });
  });
  page.theme = theme;
  const seen = new Set();
  shown.forEach((element, i) => {
    const both = looks.map((each) => each[i]).join(" | ");
    if (seen.has(both)) for (const text of texts(element)) text.data = "";
    else seen.add(both);
  });
  // What is not drawn, or has no text and holds nothing that is KEPT, is nothing to look at.
  // (The theme's script still asks for the height of the header when the width has changed.)
  const every = [...document.body.querySelectorAll(":not(style, script, link, #pst-header)")];
  const drawn = new Set(every.filter((element) => element.checkVisibility()));  // lays out once
  for (const element of every.reverse()) {
    const kept = element.matches(KEPT) || element.querySelector(KEPT);
    const empty = !element.textContent.trim() && !kept;
    if (empty || !drawn.has(element)) element.remove();
  }
  return { texts: shown.length, looks: seen.size };
}"""

SIDEWAYS = """() => {
  const page = document.documentElement;
  if (page.scrollWidth <= innerWidth) return [];
  const wide = [...document.querySelectorAll(".bd-article *, .bd-article-container *")].filter(
    (element) => element.getBoundingClientRect().right > innerWidth + 1);
  return [`page is ${page.scrollWidth} wide`, ...wide.slice(0, 5).map(
    (element) => `${element.tagName} ${element.className}`)];
}"""

HEADINGS = """() => [...document.querySelectorAll("main :is(h1, h2, h3, h4, h5, h6)")]
  .filter((heading) => heading.checkVisibility())
  .map((heading) => Number(heading.tagName[1]))"""

CUT = """() => [...document.querySelectorAll(".bd-article pre")]
  .filter((each) => each.scrollWidth > each.clientWidth)
  .map((each) => `${each.scrollWidth} > ${each.clientWidth}: ${each.textContent.slice(0, 60)}`)"""

AHEAD = """() => [...document.querySelectorAll("[tabindex]")]
  .filter((each) => each.tabIndex > 0)
  .map((each) => `${each.tagName} ${each.className}: tabindex ${each.tabIndex}`)"""

UNSIZED = """() => [...document.images].filter((image) =>
  !image.getAttribute("width") || !image.getAttribute("height")).map((image) => image.src)"""


@dataclass
class Visit:
    """What was found on one page."""

    requests: set[str] = field(default_factory=set)
    messages: list[str] = field(default_factory=list)
    shift: float = 0.0
    unsized: list[str] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)
    ahead: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    sideways: list[str] = field(default_factory=list)
    violations: dict[str, list[str]] = field(default_factory=dict)
    contrasts: dict[str, int] = field(default_factory=dict)

    @property
    def weight(self) -> int:
        """Return the bytes that the page and all it loads take when compressed, pictures aside."""
        paths = {Path(unquote(urlsplit(url).path)) for url in self.requests if is_file(url)}
        return sum(
            len(gzip.compress(path.read_bytes()))
            for path in paths
            if path.suffix not in PICTURES and path.is_file()
        )

    @property
    def elsewhere(self) -> list[str]:
        """Return the requests that leave the disk."""
        return sorted(url for url in self.requests if not is_file(url))


def is_file(url: str) -> bool:
    """Tell whether an address is on the disk, or in the page itself."""
    return url.startswith(("file:", "data:", "blob:"))


def is_fault(message: Any) -> bool:
    """Tell whether a message of the console says that something is wrong."""
    return message.type in {"error", "warning"}


def heard(messages: list[str], message: Any) -> None:
    """Note a message of the console that says that something is wrong."""
    if is_fault(message):
        messages.append(complaint(message))


def complaint(message: Any) -> str:
    """Return a message of the console with the address that it is about: a font, a script, a line.

    "net::ERR_FILE_NOT_FOUND" alone does not say which file.
    """
    place = message.location
    return f"{message.text} [{place.get('url', '')}:{place.get('lineNumber', '')}]"


def visit(page: Any, path: Path, *, thorough: bool = False) -> Visit:
    """Open a page from its file and look at it in two widths and two themes."""
    found = Visit()
    page.set_default_timeout(PATIENCE)
    page.goto("about:blank")  # nothing of the page before answers to the new size
    page.set_viewport_size(DESKTOP)
    with listening(
        page,
        request=lambda request: found.requests.add(request.url),
        pageerror=lambda error: found.messages.append(str(error)),
        console=lambda each: heard(found.messages, each),
    ):
        look_at(page, found, path, thorough=thorough)
    return found


def look_at(page: Any, found: Visit, path: Path, *, thorough: bool) -> None:
    """Open a page and note what is found."""
    page.goto(path.as_uri())
    page.evaluate(SHIFTS)
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(500)  # what comes late must have time to
    found.shift = page.evaluate("window.shift")
    found.unsized = page.evaluate(UNSIZED)
    found.headings = page.evaluate(HEADINGS)
    found.ahead = page.evaluate(AHEAD)
    found.cut = page.evaluate(CUT)
    page.set_viewport_size(PHONE)
    page.wait_for_timeout(500)  # the theme lets code that scrolls take the focus a while later
    found.sideways = page.evaluate(SIDEWAYS)
    page.evaluate(THIN)
    page.evaluate(Axe().axe_script)
    look_all_round(page, found, thorough=thorough)
    page.evaluate(FORGET)


def look_all_round(page: Any, found: Visit, *, thorough: bool) -> None:
    """Run axe in each width and theme; where not `thorough`, only the rules that could differ."""
    everything = {"type": "tag", "values": STANDARD}
    narrow_and_dark = rules_of([*OF_LAYOUT, OF_LINKS])
    contrast, others = rules_of([CONTRAST]), {CONTRAST: {"enabled": False}}
    if thorough:
        for size in (PHONE, DESKTOP):
            for theme in ("light", "dark"):
                look(page, found, size, theme, everything)
        return
    look(page, found, PHONE, "dark", narrow_and_dark)
    look(page, found, DESKTOP, "light", everything, others)
    page.add_style_tag(content=STILL)
    found.contrasts = page.evaluate(DISTINCT)
    for theme in ("dark", "light"):
        look(page, found, DESKTOP, theme, contrast)


def rules_of(names: list[str]) -> dict[str, Any]:
    """Return these rules, as axe wants them named."""
    return {"type": "rule", "values": names}


def look(
    page: Any, found: Visit, size: dict[str, int], theme: str, only: Any, rules: Any = None
) -> None:
    """Run axe in one width and theme."""
    page.set_viewport_size(size)
    set_theme(page, theme)
    violations = found.violations.setdefault(f"{size['width']} {theme}", [])
    violations += axe(page, {"runOnly": only, "rules": rules or {}})


def set_theme(page: Any, theme: str) -> None:
    """Turn the page light or dark, as the reader's button does, with no transition left running.

    Transitions are brought to their end rather than waited for: one of a thing that is not drawn
    never gets there. Animations whose clock is a scroll bar have no end.
    """
    page.evaluate(
        """(theme) => {
          Object.assign(document.documentElement.dataset, { theme, mode: theme });
          const timed = document.getAnimations().filter(
            (each) => each.timeline === document.timeline);
          for (const each of timed) each.finish();
        }""",
        theme,
    )


def axe(page: Any, rules: dict[str, Any]) -> list[str]:
    """Return what axe finds against these rules: the rule, how often, and the first element."""
    options = {**rules, "resultTypes": ["violations"], "preload": False}
    result = page.evaluate(f"axe.run(document, {json.dumps(options)})")
    return [
        f"{each['id']}, {len(each['nodes'])} times: {each['nodes'][0]['html'][:160]} "
        f"{each['nodes'][0]['target']}"
        for each in result["violations"]
    ]
