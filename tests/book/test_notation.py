"""The notation card fits one sheet of paper. Reads `_build/html`, which `make book` writes."""

from io import BytesIO

import pytest

from tests.browser import chromium, need_browser
from tests.holds import holds
from workshop.pages import ROOT

need_browser()

CARD = ROOT / "_build" / "html" / "book" / "appendix" / "notation.html"

pypdf = pytest.importorskip("pypdf", reason="needs the package pypdf")


@holds("This sheet prints on one page of A4.")
@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_the_card_prints_on_one_page(paper: str) -> None:
    assert CARD.is_file(), "run `make book` first"
    margin = dict.fromkeys(("top", "bottom", "left", "right"), "12mm")
    with chromium() as browser:
        page = browser.new_page()
        page.goto(CARD.as_uri())
        printed = pypdf.PdfReader(BytesIO(page.pdf(format=paper, margin=margin)))
        page.close()
    (sheet,) = printed.pages
    text = sheet.extract_text()
    assert all(part in text for part in ("Sizes", "Arrays", "The computation", "Rules", "ALiBi"))
