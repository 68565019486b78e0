"""What pictures say on Chinese pages: every label is a message, laid out in its place."""

import re

import nbformat
import pytest

from qkv_lib.drawings.canvas import Canvas, Drawing
from qkv_lib.language import VARIABLE
from qkv_lib.plots import labels, style
from qkv_lib.plots.vector import inlined
from workshop.chinese import catalogue, pictures
from workshop.pages import listed_pages

KNOWN = {each.text: each.translation for each in catalogue.read("site/pictures").values()}
STORED = {
    f"{page.stem}-{cell.id}": output.data["image/svg+xml"]
    for page in listed_pages()
    if page.suffix == ".ipynb"
    for cell in nbformat.read(page, as_version=4).cells
    for output in cell.get("outputs", [])
    if "image/svg+xml" in output.get("data", {})
}


def drawing(*texts: str) -> str:
    """Return a drawing that says something in boxes, one below the other."""
    sheet = Canvas(300, 80 * len(texts))
    for i, label in enumerate(texts):
        sheet.box(10, 10 + 80 * i, 280, 60, label)
    return Drawing("boxes", sheet.layout())._repr_svg_()


def test_each_label_is_one_message_on_however_many_lines() -> None:
    svg = drawing("self-attention,\ncausal", "weights $A_1$, a row", "$Q K$", "held-\nout", "x")
    assert list(pictures.messages(svg)) == [
        "self-attention, causal", "weights {0}, a row", "held-out",
    ]  # fmt: skip


def test_a_picture_without_translations_stays_as_it_is() -> None:
    for svg in STORED.values():
        assert labels.translated(svg, lambda _text: None) == svg


def test_a_translation_takes_the_place_of_its_label() -> None:
    words = {"self-attention, causal": "因果自注意力", "weights {0}, a row": "{0}的一行权重"}
    before = drawing("self-attention,\ncausal", "weights $A_1$, a row", "three_back")
    after = labels.translated(before, words.get)
    english, chinese = (
        [label for block in labels.BLOCK.findall(svg) for label in labels.labels(block)]
        for svg in (before, after)
    )
    assert [labels.said(label)[0] for label in chinese] == [
        "因果自注意力", "{0}的一行权重", "three_back",
    ]  # fmt: skip
    middles = [
        [sum(line.y for line in each) / len(each) for each in side] for side in (english, chinese)
    ]
    assert middles[1] == pytest.approx(middles[0], abs=0.01)
    assert labels.said(chinese[1])[1] == labels.said(english[1])[1]  # the formula
    assert len(chinese[0]) == 1  # short enough for one line


def test_the_words_behind_a_script_are_back_on_the_line() -> None:
    after = labels.translated(drawing("$W_E$, one for all"), {"{0}, one for all": "{0}共用"}.get)
    shifts = [float(each) for each in re.findall(r'dy="([-\d.]+)"', after)]
    assert sum(shifts) == pytest.approx(0, abs=0.02)
    assert shifts[0] > 0


@pytest.mark.parametrize(("translation", "lines"), [
    ("雅可比矩阵的大小", ["雅可比矩阵的", "大小"]),
    ("掩码，softmax", ["掩码，", "softmax"]),
])  # fmt: skip
def test_lines_end_where_a_reader_would_end_them(translation: str, lines: list[str]) -> None:
    roomy, narrow = (
        labels.labels(labels.BLOCK.findall(drawing(f"{word}\n{word}"))[0])[0]
        for word in ("of quite another one", "another")
    )
    assert labels.broken(translation, roomy) == ["".join(lines)]
    assert labels.broken(translation, narrow) == lines


def test_what_is_drawn_again_speaks_the_language_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As in a page, or in a notebook, that is Chinese."""
    import matplotlib.pyplot as plt

    style.use()
    figure, axes = plt.subplots(figsize=(3, 2))
    axes.set_xlabel("keys")
    english = drawing("scores"), style.as_svg(figure)
    monkeypatch.setenv(VARIABLE, "zh_CN")
    again = drawing("scores"), style.as_svg(figure)
    plt.close(figure)
    assert list(again) == [labels.translated(each, KNOWN.get) for each in english]
    said = {text for svg in again for text in pictures.messages(svg)}
    assert said == {KNOWN["scores"], KNOWN["keys"]}


def test_an_axis_of_two_lines_keeps_its_middle() -> None:
    import matplotlib.pyplot as plt

    style.use()
    figure, axes = plt.subplots(figsize=(3, 2))
    axes.set_ylabel("share of right\nanswers")
    svg = labels.translated(style.as_svg(figure), {"share of right answers": "答对的占比"}.get)
    plt.close(figure)
    (label,) = [each for block in labels.BLOCK.findall(svg) for each in labels.labels(block)
                if labels.said(each)[0] == "答对的占比"]  # fmt: skip
    assert label[0].upright
    assert "text-anchor: middle" in label[0].attributes


def test_names_of_rows_and_columns_stay() -> None:
    svg = STORED["path-path-heat"]
    assert {"cat", "thirsty"} <= labels.names(svg)
    assert labels.translated(svg, {"cat": "猫", "keys": "键"}.get).count("猫") == 0


@pytest.mark.parametrize("name", STORED)
def test_no_label_outgrows_its_place(name: str) -> None:
    """Up to two Chinese signs more than the English; the pictures have been looked at."""
    kept = labels.names(STORED[name])
    for block in labels.BLOCK.findall(STORED[name]):
        for lines in labels.labels(block):
            text, _ = labels.said(lines)
            if text in KNOWN and text not in kept:
                longest = max(map(labels.letters, labels.broken(KNOWN[text], lines)))
                assert longest <= labels.room(lines) + 4, text


@pytest.mark.parametrize("name", STORED)
def test_what_a_page_shows_has_no_english_left_that_has_a_translation(name: str) -> None:
    svg = inlined(labels.translated(STORED[name], KNOWN.get), "a picture", "name")
    left = [text for text in pictures.messages(svg) if text in KNOWN and KNOWN[text] != text]
    assert left == []
