"""The notation card fits one sheet of paper. Reads `_build/html`, which `make book` writes."""

import shutil
from io import BytesIO
from typing import Any

import pytest

from tests.tools.pages import ROOT

CARD = ROOT / "_build" / "html" / "book" / "appendix" / "notation.html"

playwright = pytest.importorskip(
    "playwright.sync_api", reason="needs the package playwright, and chromium on the PATH"
)
pypdf = pytest.importorskip("pypdf", reason="needs the package pypdf")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium on the PATH (Debian: chromium)")
@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_the_card_prints_on_one_page(paper: str) -> None:
    assert CARD.is_file(), "run `make book` first"
    margin = dict.fromkeys(("top", "bottom", "left", "right"), "12mm")
    with playwright.sync_playwright() as engines:
        browser: Any = engines.chromium.launch(executable_path=CHROMIUM)
        page = browser.new_page()
        page.goto(CARD.as_uri())
        printed = pypdf.PdfReader(BytesIO(page.pdf(format=paper, margin=margin)))
        browser.close()
    (sheet,) = printed.pages
    text = sheet.extract_text()
    assert all(part in text for part in ("Sizes", "Arrays", "The computation", "Rules", "ALiBi"))
