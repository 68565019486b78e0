"""What the tables of cells say on Chinese pages: each word is a message."""

import re

import nbformat
import pytest

from qkv_lib.language import VARIABLE
from qkv_lib.rosetta import table
from qkv_lib.rosetta.words import breakable, said, translated
from workshop.chinese import catalogue, tables
from workshop.chinese.messages import speaks
from workshop.pages import listed_pages

KNOWN = {each.text: each.translation for each in catalogue.read("site/tables").values()}
STORED = [
    output.data["text/html"]
    for page in listed_pages()
    if page.suffix == ".ipynb"
    for cell in nbformat.read(page, as_version=4).cells
    for output in cell.get("outputs", [])
    if "qkv-words" in output.get("data", {}).get("text/html", "")
]
ROWS = {"nn.Attention, need_weights": {"mask": "hidden"}, "by <hand>": {"mask": "1/√d"}}
MADE = table(ROWS, {"mask": "True in a mask"}, caption="Masks & 'flags'")


def test_every_word_of_a_table_is_said_as_it_was_given() -> None:
    assert list(said(MADE._repr_html_())) == [
        "Masks & 'flags'", "Masks & 'flags'", "True in a mask",
        "nn.Attention, need_weights", "hidden", "by <hand>", "1/√d",
    ]  # fmt: skip
    assert list(said("<table><caption>rows</caption><td>cat</td></table>")) == []


def test_a_translation_takes_the_place_of_its_word_and_of_no_other() -> None:
    before = MADE._repr_html_()
    assert translated(before, lambda _text: None) == before
    words = {"hidden": "被遮住", "by <hand>": "手写<", "Masks & 'flags'": "掩码", "overflow": "x"}
    after = translated(before, words.get)
    assert list(said(after)) == [
        "掩码", "掩码", "True in a mask",
        "nn.Attention, need_weights", "被遮住", "手写<", "1/√d",
    ]  # fmt: skip
    assert re.sub(">[^<]*<|aria-label=\"[^\"]*", "", after) == re.sub(
        ">[^<]*<|aria-label=\"[^\"]*", "", before
    )  # fmt: skip


def test_a_table_that_is_made_again_speaks_the_language_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As in a notebook that is Chinese."""
    english = MADE._repr_html_()
    monkeypatch.setenv(VARIABLE, "zh_CN")
    assert MADE._repr_html_() == translated(english, KNOWN.get) != english
    assert KNOWN["hidden"] in MADE._repr_html_()


def test_a_long_name_may_break_behind_its_joints() -> None:
    assert breakable("nn.need_weights_2 <b>") == "nn.<wbr>need_<wbr>weights_2 &lt;b&gt;"


def test_no_stored_table_keeps_a_word_without_a_translation() -> None:
    assert len(STORED) == 7
    for html in STORED:
        words = {text for text in said(html) if speaks(text)}
        assert words <= set(KNOWN)
        assert set(said(translated(html, KNOWN.get))) & words <= {
            text for text in words if KNOWN[text] == text
        }


def test_the_messages_are_the_words_of_the_stored_tables_each_once() -> None:
    found = [each.text for each in tables.of_tables(listed_pages())]
    assert len(found) == len(set(found)) > 40
    assert {"may attend", "best guess without order", "by hand, with einops"} <= set(found)
    assert not {"1/√d", "b h n d", "2.3×"} & set(found)
