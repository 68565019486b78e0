"""Take a picture of each page: light, dark, and as a phone shows it.

python -m tests.tools.screenshots              # _build/screenshots/*.png
python -m tests.tools.screenshots 03-algorithm # of one page
"""

import sys
from typing import Any

from tests.book.visits import DESKTOP, PHONE, set_theme
from tests.browser import chromium
from tests.tools.pages import ROOT, listed_pages

SITE = ROOT / "_build" / "html"
PICTURES = ROOT / "_build" / "screenshots"
LOOKS = (("light", DESKTOP, "light"), ("dark", DESKTOP, "dark"), ("phone", PHONE, "light"))


def take(page: Any, stem: str) -> None:
    """Write the pictures of the page that is open."""
    for name, size, theme in LOOKS:
        page.set_viewport_size(size)
        set_theme(page, theme)
        page.wait_for_timeout(400)
        page.screenshot(path=PICTURES / f"{stem}-{name}.png", full_page=True)


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
                take(page, path.stem)
                page.close()
    print(f"Look at {PICTURES.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
