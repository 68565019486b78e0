"""Take a picture of each page: light, dark, and as a phone shows it.

python -m workshop.screenshots              # _build/screenshots/*.png, a long page in pieces
python -m workshop.screenshots 03-algorithm # of one page
"""

import sys
from typing import Any

from tests.book.visits import DESKTOP, PHONE, set_theme
from tests.browser import STILL, chromium
from workshop.pages import ROOT, listed_pages

SITE = ROOT / "_build" / "html"
PICTURES = ROOT / "_build" / "screenshots"
LOOKS = (("light", DESKTOP, "light"), ("dark", DESKTOP, "dark"), ("phone", PHONE, "light"))
TALLEST = 8000  # pixels; a browser leaves the lower part of a much taller picture empty


def take(page: Any, stem: str) -> None:
    """Write the pictures of the page that is open, in place of those of an earlier run."""
    for old in PICTURES.glob(f"{stem}-*.png"):
        old.unlink()
    for name, size, theme in LOOKS:
        page.set_viewport_size(size)
        set_theme(page, theme)
        page.wait_for_timeout(400)
        height = page.evaluate("document.documentElement.scrollHeight")
        for top in range(0, height, TALLEST):
            piece = f"-{top // TALLEST + 1:02}" if height > TALLEST else ""
            clip = {
                "x": 0, "y": top, "width": size["width"], "height": min(TALLEST, height - top),
            }  # fmt: skip
            path = PICTURES / f"{stem}-{name}{piece}.png"
            page.screenshot(path=path, full_page=True, clip=clip)


def main() -> None:
    """Take the pictures of the pages named on the command line, or of all."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    sources = [page.relative_to(ROOT).with_suffix(".html") for page in listed_pages()]
    pages = [SITE / source for source in sources] + [SITE / "search.html"]
    with chromium() as browser:
        for path in pages:
            if not sys.argv[1:] or path.stem in sys.argv[1:]:
                page = browser.new_page()
                page.goto(path.as_uri())
                page.evaluate("document.fonts.ready")
                page.add_style_tag(content=STILL)  # a sidebar would be caught half-way
                take(page, path.stem)
                page.close()
    print(f"Look at {PICTURES.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
