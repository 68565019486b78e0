"""A site that is empty or partial is not published."""

from pathlib import Path

import pytest

from workshop import site
from workshop.pages import ROOT, listed_pages

TEXT = " ".join(["word"] * 300)
FIRST = listed_pages()[0].relative_to(ROOT).with_suffix(".html")


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    names = [page.relative_to(ROOT).with_suffix(".html") for page in listed_pages()]
    for name in [*names, *map(Path, site.PARTS)]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"<html><body><article>{TEXT}</article></body></html>")
    return tmp_path


def test_a_whole_site_passes(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site.main([str(whole)])
    assert f"is whole: {len(listed_pages())} pages" in capsys.readouterr().out


@pytest.mark.parametrize("name", [*site.PARTS, str(FIRST)])
def test_a_missing_file_is_named(whole: Path, name: str) -> None:
    (whole / name).unlink()
    with pytest.raises(SystemExit, match=f"not whole:\nno {name}"):
        site.main([str(whole)])


@pytest.mark.parametrize(
    ("html", "fault"), [("<html></html>", "no text"), ("<article>Soon.</article>", "1 words")]
)
def test_an_empty_page_is_named(whole: Path, html: str, fault: str) -> None:
    (whole / FIRST).write_text(html)
    assert [each.partition(": ")[2].startswith(fault) for each in site.missing(whole)] == [True]


def test_an_empty_folder_is_no_site(tmp_path: Path) -> None:
    assert len(site.missing(tmp_path)) == len(site.PARTS) + len(listed_pages())
