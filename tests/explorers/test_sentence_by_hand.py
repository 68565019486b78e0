"""The sentence in a browser: words are picked and changed, and it reads as the library does."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from qkv_lib.data.sentence import CHINESE, CHINESE_COLD, COLD, THIRSTY, layers
from qkv_lib.explorers._page import speech
from tests.browser import need_browser, settled
from tests.explorers.conftest import heard

need_browser()
KINDS = "sentence"


def assert_read(
    figure: Any, words: Sequence[str], asking: str, *, depth: int = 1, causal: bool = False
) -> None:
    """Compare every number with the library's, and the weights as they stand under the words."""
    data, result = figure.evaluate("(figure) => [figure.data, figure.result]")
    assert data["words"] == list(words)
    assert data["words"][data["row"]] == asking
    expected = layers(words, depth=depth, causal=causal)
    assert len(result) == len(expected)
    for ours, theirs in zip(result, expected, strict=True):
        for stage in ("scores", "scaled", "weights", "output", "added"):
            np.testing.assert_allclose(ours[stage], getattr(theirs, stage), atol=1e-9)
    under = [float(text) for text in figure.locator(".word small").all_inner_texts()]
    np.testing.assert_allclose(under, expected[-1].weights[data["row"]], atol=5.1e-3)
    assert figure.locator(".word:has(:checked) span").inner_text() == asking


def lines(figure: Any) -> list[list[str]]:
    """Return what a reader sees in the table of the last layer."""
    table = figure.locator("table.found").last
    return [
        [text for text in row.locator("th, td").all_inner_texts() if text]
        for row in table.locator("tbody tr").all()
    ]


def test_it_finds_the_cat_and_says_why(page):
    figure = page.locator("#sentence-one")
    assert_read(figure, THIRSTY, "it")
    assert lines(figure) == [
        ["cat", "thing 2, living 2", "thing 4 + living 4 = 8", "4", "0.79", "size 1"],
        ["milk", "thing 2, …", "thing 4 = 4", "2", "0.11", "sweet 1"],
        ["each of the other 7", "not asked for", "0", "0.01"],
    ]
    text = figure.locator("section").first.inner_text()
    assert "it asks (query): pronoun 1 → thing 2, living 2" in text
    assert "size: 0.79 × 1 (cat) = 0.79; sweet: 0.11 × 1 (milk) = 0.11" in text
    assert "The row of it becomes: pronoun 1, size 0.79, sweet 0.11" in text


def test_a_changed_word_needs_two_layers(page):
    figure = page.locator("#sentence-one")
    figure.get_by_role("radio", name="cold").tap()
    assert_read(figure, COLD, "it")
    assert lines(figure)[0][0] == "cat"  # one attention is wrong
    figure.get_by_role("group", name="Layers").get_by_role("radio", name="one").press("ArrowRight")
    assert_read(figure, COLD, "it", depth=2)
    found = {line[0]: (line[1], line[-2]) for line in lines(figure)[:2]}
    assert found == {"cat": ("thing 2, …", "0.13"), "milk": ("thing 2, drink 2, …", "0.72")}
    assert figure.locator("section", has_text="Layer 1: what is it like?").is_visible()
    figure.get_by_role("button", name="Reset").click()
    assert_read(figure, THIRSTY, "it")


def test_the_word_that_asks_is_picked_by_mouse_touch_and_keyboard(page):
    figure = page.locator("#sentence-one")
    figure.locator(".word", has_text="thirsty").click()
    assert_read(figure, THIRSTY, "thirsty")
    figure.locator(".word", has_text="cat").tap()
    assert_read(figure, THIRSTY, "cat")
    assert lines(figure) == [["each of 9", "any key", "0", "0.11"]]  # a noun asks for nothing
    assert "all words get the same weight" in figure.locator("section").first.inner_text()
    page.keyboard.press("ArrowRight")
    assert_read(figure, THIRSTY, "drank")
    weights = ", ".join(f"{word} 0.11" for word in THIRSTY)
    heard(figure, f"drank asks for nothing. Weights: {weights}")


def test_a_causal_mask_hides_the_adjective(page):
    figure = page.locator("#sentence-zh")
    assert_read(figure, CHINESE_COLD, "它", depth=2)
    figure.get_by_role("radio", name="causal").check()
    assert_read(figure, CHINESE_COLD, "它", depth=2, causal=True)
    assert figure.locator(".word.hidden span").all_inner_texts() == ["凉", "了"]
    figure.get_by_role("radio", name="渴").check()
    assert_read(figure, CHINESE, "它", depth=2, causal=True)
    assert page.locator("#sentence-one").get_by_role("group", name="Mask").count() == 0


def test_own_words_are_read_and_unknown_ones_are_named(page):
    figure = page.locator("#sentence-one")
    field = figure.get_by_label("Your own words")
    field.fill("The dog spilled the tea, because it was warm.")
    mine = ["the", "dog", "spilled", "the", "tea", "because", "it", "was", "warm"]
    assert_read(figure, mine, "it")
    assert figure.get_by_role("radio", name="thirsty").is_checked() is False
    for text, fault in [
        ("the fish drank the sea", "Not among the words it knows: fish, sea."),
        ("constructor", "Not among the words it knows: constructor."),
        ("", "One word at least."),
        ("it " * 15, "At most 14 words."),
    ]:
        field.fill(text)
        assert figure.locator(".fault").inner_text() == fault
        assert field.get_attribute("aria-invalid") == "true"
        assert_read(figure, mine, "it")  # the last sentence stands
        heard(figure, fault)
    figure.get_by_role("radio", name="two").check()
    assert_read(figure, mine, "it", depth=2)
    assert field.input_value() == " ".join(mine)
    field.fill("milk drank cat")
    assert_read(figure, ["milk", "drank", "cat"], "milk", depth=2)


def test_in_chinese_it_speaks_chinese_and_joins_lists_by_chinese_signs(page):
    page.evaluate(speech("zh_CN"))
    figure = page.locator("#sentence-one")
    assert lines(figure)[0][1:3] == ["东西 2、活的 2", "东西 4 + 活的 4 = 8"]
    text = figure.locator("section").first.inner_text()
    assert "大小：0.79 × 1 (cat) = 0.79；甜度：0.11 × 1 (milk) = 0.11" in text
    assert "代词 1、大小 0.79、甜度 0.11" in text
    figure.get_by_label("你自己的词").fill("the fish drank the sea")
    assert "fish、sea" in figure.locator(".fault").inner_text()
    page.locator("#sentence-one .word", has_text="cat").tap()
    weights = "、".join(f"{word} 0.11" for word in THIRSTY)
    heard(figure, f"cat要找无。权重：{weights}")
    assert figure.get_by_role("status").get_attribute("lang") == "zh"
    page.locator("#sentence-zh .word", has_text="猫").tap()
    figure = page.locator("#sentence-zh")
    heard(figure, re.compile("^猫要找东西 [0-9.]+、喝的 [0-9.]+。权重：猫 [0-9.]+、喝 [0-9.]+、了"))


def test_lines_are_drawn_where_the_words_stand_on_one_line(page):
    arcs = page.locator("#sentence-one .arcs")
    assert arcs.is_visible()
    widths = [float(w) for w in arcs.evaluate(
        "(svg) => [...svg.children].map((path) => path.getAttribute('stroke-width'))"
    )]  # fmt: skip
    assert len(widths) == len(THIRSTY)
    assert np.argmax(widths) == THIRSTY.index("cat")
    page.set_viewport_size({"width": 360, "height": 700})
    settled(page)
    assert not arcs.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
