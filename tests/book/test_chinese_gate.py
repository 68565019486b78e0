"""The gate of translations finds each planted fault, and passes what is right."""

# ruff: noqa: E501  # a pair a line

from pathlib import Path

import pytest

from workshop.chinese import catalogue, readings
from workshop.chinese.__main__ import check, put, read, tidy
from workshop.chinese.catalogue import Entry, updated
from workshop.chinese.gate import FIRM, RULES, faults, typography
from workshop.chinese.messages import Message
from workshop.chinese.opposites import exchanged

SOUND = [
    ("Softmax runs over the keys.", "softmax 在键上进行。"),
    ("Each query is compared with every key.", "每个查询都与每个键比较。"),
    (
        "**No.** A masked *value* counts 0 times; see {eq}`eq-a` and [chapter 3](03.ipynb#b).",
        "**不对**。被掩码的*值*计 0 次；见{eq}`eq-a`和[第 3 章](03.ipynb#b)。",
    ),
    ("Scores of shape `(n_q, n_k)` are divided by $\\sqrt{d_k}$.", "形状为`(n_q, n_k)`的分数除以$\\sqrt{d_k}$。"),
    ("The row sums to 1, the column to −0.25.", "这一行之和为 1，这一列为 −0.25。"),
    ("Attention (<span lang=\"zh\">注意力</span>) is a weighted sum.", "注意力（attention）就是加权求和。"),
    ("The exponent is taken again: take the exponential.", "指数再取一次：取指数。"),
    ("It has three heads, not two.", "它有三个头，而不是两个。"),
    ("The cat drank *the milk*.", "猫喝了*牛 奶*。"),
    ("not yet. {0}", "还不对。{0}"),
    ("1. Heads", "1. 头"),
    ("★ is easy, ★★ is not.", "★ 容易，★★ 不容易。"),
    ("About 4,800 updates", "约 4800 次更新"),
]  # fmt: skip


@pytest.mark.parametrize(("english", "chinese"), SOUND)
def test_what_is_right_passes(english: str, chinese: str) -> None:
    entry = Entry(english, chinese)
    entry.translation = tidy(chinese, entry)
    assert faults(entry) == []


PLANTED = [
    # what is wrong, English, Chinese, the rule that finds it
    ("nothing", "The row.", " ", "filled"),
    ("English as it was", "The row is the query.", "The row is the query.", "filled"),
    ("English left over", "The rows are the queries and nothing else.", "行就是 queries and nothing else。", "left_over"),
    ("a symbol of another size", "n_q lists of d_v numbers each", "n_q个列表，各有d_k个数", "symbols"),
    ("a symbol left out", "D is the sum of Q.", "D是总和。", "symbols"),
    ("two symbols exchanged", "n_q lists of d_v numbers each", "d_v个列表，各有n_q个数", "sequence"),
    ("two formulas exchanged", "Multiply $x$ by $W$.", "$W$乘以$x$。", "sequence"),
    ("two numbers exchanged", "It falls from 0.9 to 0.1.", "它从0.1降到0.9。", "sequence"),
    ("after for before, among other words", "The second is the value, before the key. The heads come after the places.", "第二个是值，排在键之后。头排在位置之后。", "balance"),
    ("last for first", "It is the first of the four and ends here.", "它是四个里最后一个，到这里结束。", "balance"),
    ("the last sentence dropped", "It writes the right digit nearly always, wherever it looks. The other is wrong.", "不管看着哪里，它几乎总是写对数字，写出的数字几乎从来都是对的。", "ends"),
    ("encoder and decoder exchanged", "The encoder reads, then the decoder writes, and the encoder waits.", "解码器读，然后编码器写，编码器等着。", "order"),
    ("a negation dropped", "The weights do not sum to 1.", "权重之和为1。", "negation"),
    ("a negation too much", "The weights sum to 1.", "权重之和不为1。", "negation"),
    ("smaller for larger", "The larger score gets more weight.", "较小的分数，权重更小。", "opposite"),
    ("the higher for the lower", "The second may have the lower peak.", "峰值较高的也可能是第二边。", "opposite"),
    ("after for before", "It stands before the softmax.", "它在 softmax 之后。", "opposite"),
    ("left for right", "The right panel has one row.", "左图有一行。", "opposite"),
    ("a sentence left out", "The model reads the text of the page. It then writes one token after another.", "模型读这一页的文字。", "whole"),
    ("a half left out", "The model reads the whole text of the page, and it then writes one token.", "模型读文字。", "whole"),
    ("key for query", "Each query has a row.", "每个键有一行。", "term"),
    ("query and key swapped", "Each query meets every key.", "每个键都遇到每个查询。", "order"),
    ("value for key", "The key is found.", "值被找到。", "term"),
    ("column for row", "Each row sums to 1.", "每一列之和为1。", "term"),
    ("row and column swapped", "Rows are queries, columns are keys.", "列是查询，行是键。", "order"),
    ("a word that the glossary has not", "The mask hides it.", "遮罩把它藏起来。", "term"),
    ("the word of another term", "The row of weights.", "注意力汇点那一行的权重。", "back"),
    ("another word before its term", "**Cross-attention** (<span lang=\"zh\">交叉注意力</span>) is attention.", "**互注意力**（cross-attention）：交叉注意力也是注意力。", "named"),
    ("another word for what has one", "The next cell shows it.", "下一个代码格显示它。", "one_word"),
    ("the exponent for the value", "The exponential of 0 is 1.", "0的指数是1。", "one_word"),
    ("the number of a section alone", "Section 6.2 has more.", "6.2节讲得更多。", "one_word"),
    ("an average of another name", "It is a plain average.", "它是普通平均。", "one_word"),
    ("a number", "It has 16 heads.", "它有18个头。", "numbers"),
    ("a star too few", "★★ Write the mask.", "★ 写出掩码。", "numbers"),
    ("although for because", "It is hidden, because it is padding.", "虽然它是填充，它被遮住。", "opposite"),
    ("a number left out", "A score of 8, then 4.", "分数为8。", "numbers"),
    ("a sign", "The score is −1.5.", "分数是1.5。", "numbers"),
    ("a formula", "It is $d_k$ wide.", "它宽$d_v$。", "same"),
    ("code", "The shape of `Q`", "`K`的形状", "same"),
    ("a reference", "See {eq}`eq-a`.", "见{eq}`eq-b`。", "same"),
    ("a link", "See [there](a.ipynb).", "见[那里](b.ipynb)。", "same"),
    ("a field", "{0} is transposed", "被转置了", "fields"),
    ("bold that is not read", "**Yes.** It is.", "**对。**就是它。", "structure"),
    ("italics left out", "It is *there*.", "它就在那里。", "structure"),
    ("bold that goes on", "**Attention** is a sum of values.", "**注意力是值之和**。", "extent"),
    ("italics in italics", "*Second reading.* Turn it *afterwards*.", "*可留待重读。*在*之后*转动它。", "extent"),
    ("bold that stops", "**No line of the page is left out**.", "**不**漏掉页面的任何一行。", "extent"),
    ("a half-width comma", "Now, here.", "现在,这里。", "typography"),
    ("a half-width full stop", "Here it is.", "就在这里.", "typography"),
    ("half-width brackets", "The head (one)", "这个头(一)", "typography"),
    ("a space between two signs", "The head is here.", "头在 这里。", "typography"),
    ("no space behind a number", "2. What is it?", "2.这是什么？", "typography"),
    ("no space behind the number of a section", "6.1 Images", "6.1图像", "typography"),
    ("no space behind the stars", "★★ Write it.", "★★写出它。", "typography"),
    ("other quotation marks", "The “word”", "这个「词」", "typography"),
]  # fmt: skip


@pytest.mark.parametrize(("english", "chinese", "rule"), [each[1:] for each in PLANTED],
                         ids=[each[0] for each in PLANTED])  # fmt: skip
def test_a_planted_fault_is_found(english: str, chinese: str, rule: str) -> None:
    assert rule in {fault.partition(":")[0] for fault in faults(Entry(english, chinese))}


@pytest.mark.parametrize("degree", "更最较变")
@pytest.mark.parametrize(("english", "other"), [
    *zip(["larger", "more", "higher", "longer", "wider"], "小少低短窄", strict=True),
    ("deeper", "浅"), ("thinner", "厚"), ("faster", "慢"), ("better", "差"), ("better", "糟"),
    *zip(["smaller", "fewer", "lower", "shorter", "narrower"], "大多高长宽", strict=True),
    ("slower", "快"), ("worse", "好"),
])  # fmt: skip
def test_an_opposite_is_found_in_each_degree(english: str, other: str, degree: str) -> None:
    assert exchanged(f"It is {english}.", f"它{degree}{other}。") == [degree + other]


def test_every_rule_has_a_fault_that_it_finds() -> None:
    assert {each[3] for each in PLANTED} == {rule.__name__ for rule in RULES}


def answered(english: str, chinese: str, *names: str) -> Entry:
    """Return a message for which somebody has answered."""
    entry = Entry(english, chinese)
    entry.answer(names)
    return entry


def test_a_rule_that_judges_words_can_be_answered_for_and_no_other() -> None:
    assert faults(answered("Each query meets every key.", "每个键都遇到每个查询。", "order")) == []
    assert faults(answered("Now, here.", "现在,这里。", "typography")) != []
    assert "typography" in FIRM


ASIDE = "Each query, with its row, meets every key."
ANSWERED = "每个键都遇到每个查询，查询有一行。"


@pytest.mark.parametrize(("english", "chinese"), [
    (ASIDE, "每个查询都遇到每个键，键有一行。"),
    (ASIDE, "每个键都遇到每个查询，查询有二行。"),
    (ASIDE.replace("query", "key", 1), ANSWERED),
])  # fmt: skip
def test_an_answer_does_not_outlive_the_texts_that_were_read(english: str, chinese: str) -> None:
    entry = answered(ASIDE, ANSWERED, "order")
    assert faults(entry) == []
    entry.text, entry.translation = english, chinese
    assert any("read the sentence again" in fault for fault in faults(entry))


def test_an_answer_without_a_digest_counts_for_nothing() -> None:
    entry = Entry(ASIDE, ANSWERED, notes=["ok: order"])
    assert {fault.partition(":")[0] for fault in faults(entry)} == {"answered", "order"}
    assert faults(Entry("word4", "word4", notes=["ok: english 0000"]))


def test_put_adds_the_digest_and_answers_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "path_of", lambda name: tmp_path / f"{name}.po")
    monkeypatch.setattr(readings, "READ", tmp_path)
    catalogue.write("page", [Entry(ASIDE, "", "text"), Entry("word4", "", "text")])
    blocks = tmp_path / "blocks"
    blocks.write_text(f"@0  ok: order\n{ANSWERED}\n\n@1\nword4\n", encoding="utf-8")
    assert put(["page"], str(blocks)) == 1  # word4 is English, and nobody has answered for it
    blocks.write_text("@1  ok: english\n", encoding="utf-8")
    assert put(["page"], str(blocks)) == 0
    written = (tmp_path / "page.po").read_text(encoding="utf-8")
    (tmp_path / "page.po").write_text(written.replace("每个键都", "每个键"), encoding="utf-8")
    assert check(["page"]) == 1
    blocks.write_text("@0  ok: order\n", encoding="utf-8")
    assert put(["page"], str(blocks)) == 0


def test_a_translation_edited_past_put_has_been_read_by_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "path_of", lambda name: tmp_path / f"{name}.po")
    monkeypatch.setattr(readings, "READ", tmp_path / "read")
    catalogue.write("page", [Entry("A row.", "", "text"), Entry("A column.", "", "text")])
    blocks = tmp_path / "blocks"
    blocks.write_text("@0\n一行。\n\n@1\n一列。\n", encoding="utf-8")
    assert put(["page"], str(blocks)) == 0

    def unread() -> list[int]:
        return readings.unread("page", catalogue.read("page").values())

    assert unread() == []
    written = (tmp_path / "page.po").read_text(encoding="utf-8")
    (tmp_path / "page.po").write_text(written.replace("一列", "每一列"), encoding="utf-8")
    assert unread() == [1]
    assert read(["page"], [1]) == 0
    assert unread() == []


def test_a_changed_message_keeps_its_translation_but_counts_as_missing() -> None:
    old = {"The row sums to 1.": Entry("The row sums to 1.", "这一行之和为1。")}
    (new,) = updated(old, [Message("The row sums to 2.", "text")])
    assert (new.translation, new.before, new.done) == (
        "这一行之和为1。",
        "The row sums to 1.",
        False,
    )
    (back,) = updated({new.text: new}, [Message("The row sums to 2.", "text")])
    assert not back.done


def test_spaces_beside_chinese_go_but_for_those_of_an_example() -> None:
    entry = Entry("x")
    assert (
        tidy("长度为 3 的*猫 喝 了 牛奶* ，宽度\n为 `a b` 。", entry)
        == "长度为3的*猫 喝 了 牛奶*，宽度为`a b`。"
    )


def test_an_operator_has_a_space_on_both_sides_or_on_neither() -> None:
    assert tidy("输出 = 4，是 1 − 余弦", Entry("x")) == "输出 = 4，是1 − 余弦"
    assert not list(typography("output = 4", "输出 = 4"))
    assert not list(typography("a=b", "输出=权重"))
    assert list(typography("output = 4", "输出= 4"))
    assert list(typography("1 − cosine", "1 −余弦"))


def test_a_catalogue_keeps_the_old_english_of_what_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "path_of", lambda name: tmp_path / f"{name}.po")
    changed = Entry('A "new" one', "一个", "text", "here", ["ok: order"], before='An "old" one')
    catalogue.write("page", [changed])
    (read,) = catalogue.read("page").values()
    assert read == changed
    read.before = ""
    catalogue.write("page", [read])
    assert "old" not in (tmp_path / "page.po").read_text(encoding="utf-8")
