"""What a browser finds on a page of the book, opened once from its file and looked at all round."""

import gzip
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from axe_playwright_python.sync_playwright import Axe

STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PICTURES = (".png", ".svg", ".jpg", ".jpeg", ".webp", ".gif")
PATIENCE = 120_000  # milliseconds: a busy machine is slow, not wrong
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}

# Of two themes the colours alone differ, and of two widths what is laid out: these rules see that.
OF_COLOUR = ["color-contrast", "link-in-text-block"]
OF_LAYOUT = [
    "scrollable-region-focusable", "target-size", "summary-name", "button-name", "link-name"
]  # fmt: skip

SHIFTS = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""

# axe looks at each element, and a chapter has ten thousand: the parts of formulas, hidden from
# assistive technology, and spans of code and of the library's reference. A formula becomes a box
# of its size; of the spans that look the same in both themes (their classes say so), one stays in
# each kind of place.
THIN = """() => {
  for (const formula of document.querySelectorAll(".katex")) {
    const { width, height } = formula.getBoundingClientRect();
    formula.style.cssText = `display: inline-block; width: ${width}px; height: ${height}px`;
    formula.textContent = "";
  }
  const seen = new Set();
  const parts = document.querySelectorAll(":is(pre, code) span, dl.py :is(span, em, strong, code)");
  for (const part of [...parts].reverse()) {  // what is inside another comes first
    if (part.querySelector("*")) continue;
    const { color, fontSize, fontWeight } = getComputedStyle(part);
    const place = part.closest(".cell_input, .cell_output, .highlight, .sig, .field-list, code");
    const look = [part.className, color, fontSize, fontWeight, place?.className].join();
    if (seen.has(look)) part.replaceWith(part.textContent);
    else seen.add(look);
  }
  document.body.normalize();
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
    sideways: list[str] = field(default_factory=list)
    violations: dict[str, list[str]] = field(default_factory=dict)

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


def visit(page: Any, path: Path, *, thorough: bool = False) -> Visit:
    """Open a page from its file and look at it in two widths and two themes."""
    found = Visit()
    page.on("request", lambda request: found.requests.add(request.url))
    page.on("pageerror", lambda error: found.messages.append(str(error)))
    page.on("console", lambda each: found.messages.append(each.text) if is_fault(each) else None)
    page.set_default_timeout(PATIENCE)
    page.add_init_script(SHIFTS)
    page.set_viewport_size(DESKTOP)
    page.goto(path.as_uri())
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(500)
    found.shift = page.evaluate("window.shift")
    found.unsized = page.evaluate(UNSIZED)
    found.headings = page.evaluate(HEADINGS)
    page.set_viewport_size(PHONE)
    page.wait_for_timeout(500)
    found.sideways = page.evaluate(SIDEWAYS)
    page.evaluate(THIN)
    page.evaluate(Axe().axe_script)
    look_all_round(page, found, thorough=thorough)
    return found


def look_all_round(page: Any, found: Visit, *, thorough: bool) -> None:
    """Run axe in each width and theme; where not `thorough`, only the rules that could differ."""
    everything = {"type": "tag", "values": STANDARD}
    colour, layout = ({"type": "rule", "values": rules} for rules in (OF_COLOUR, OF_LAYOUT))
    looks = [
        (PHONE, "light", everything if thorough else layout),
        (PHONE, "dark", everything if thorough else None),
        (DESKTOP, "light", everything),
        (DESKTOP, "dark", everything if thorough else colour),
    ]
    for size, theme, rules in looks:
        if rules is not None:
            page.set_viewport_size(size)
            set_theme(page, theme)
            found.violations[f"{size['width']} {theme}"] = axe(page, rules)


def set_theme(page: Any, theme: str) -> None:
    """Turn the page light or dark, as the reader's button does, with no transition left running.

    Animations whose clock is a scroll bar never end: those are not waited for.
    """
    page.evaluate(
        """async (theme) => {
          Object.assign(document.documentElement.dataset, { theme, mode: theme });
          const timed = document.getAnimations().filter(
            (each) => each.timeline === document.timeline);
          await Promise.allSettled(timed.map((each) => each.finished));
        }""",
        theme,
    )


def axe(page: Any, rules: dict[str, Any]) -> list[str]:
    """Return what axe finds against these rules: the rule, how often, and the first element."""
    options = {"runOnly": rules, "resultTypes": ["violations"], "preload": False}
    result = page.evaluate(f"axe.run(document, {json.dumps(options)})")
    return [
        f"{each['id']}, {len(each['nodes'])} times: {each['nodes'][0]['html'][:160]} "
        f"{each['nodes'][0]['target']}"
        for each in result["violations"]
    ]
