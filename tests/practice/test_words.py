"""Verdicts in another language: whole sentences by their templates, English where there is none."""

import pytest

from qkv_lib.language import VARIABLE
from qkv_lib.practice import grade, words

TABLE = {
    "not yet.": "还不对。",
    "right.": "对了。",
    "not attempted yet": "还没有作答",
    "More: ": "再多一点：",
    "with {0}, the first difference in {1} is at {2}: yours {3}, expected {4}":
        "输入为{0}时，{1}的第一处差别在{2}：你的是{3}，应为{4}",
    "the scores come back as they are, there is no softmax": "分数原样返回，没有做 softmax",
    "right {0}, but not {1}: ": "{0}是对的，{1}却不对：",
    "for one sequence": "对单个序列",
    "for batches": "对批量",
    "the mask is inverted": "掩码反了",
    "a change of {} changes {}, and it must not": "改动{}会改变{}，而这不应该",
}  # fmt: skip


@pytest.fixture
def _chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "catalogue", lambda _name: TABLE)


@pytest.mark.usefixtures("_chinese")
def test_a_verdict_speaks_the_language_that_is_asked_for() -> None:
    wrong = grade("softmax-rows", lambda scores: scores)
    assert wrong.stages.symptom.startswith(
        "输入为scores (3, 5)时，weights的第一处差别在query 0, key 0："
    )
    assert wrong.stages.mistake == "分数原样返回，没有做 softmax。"
    assert wrong.told(0, "mine").startswith("softmax-rows: 还不对。输入为")
    assert wrong.told(0, "mine").endswith('\n再多一点：check("softmax-rows", mine, hint=1)')
    assert grade("softmax-rows", ...).text == "还没有作答。"


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("the mask is inverted", "掩码反了"),
        ("right for one sequence, but not for batches: the mask is inverted",
         "对单个序列是对的，对批量却不对：掩码反了"),
        ("a change of q changes k, and it must not", "改动q会改变k，而这不应该"),
        ("something else", None),
    ],
)  # fmt: skip
def test_a_sentence_is_found_by_its_template(english: str, chinese: str | None) -> None:
    assert words.translated(english, TABLE) == chinese


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("with q (3, 2), k (4, 2), output must be (3, 5); yours is (3,)",
         "输入q (3, 2), k (4, 2)时，output必须是(3, 5)；你的是(3,)"),
        ("with q (3, 2), k (4, 2), entry [0, 1] sums to 0.9",
         "输入q (3, 2), k (4, 2)时，位置[0, 1]的和是0.9"),
        ("your function raises ValueError at line 3", "你的函数引发了ValueError（行号：3）"),
        ("your function returns a list where an array belongs",
         "该是数组的地方，你的函数返回了list"),
        ("of what comes back dQ and dK are right; dV not",
         "返回的几项里，dQ和dK是对的；dV不对"),
        ("your answer is right only where n = m", "你的答案只在n = m时才对"),
        ("line 2: 10 is a number like any other in `s - 10`",
         "行号2：`s - 10`里的10只是个普通的数"),
        ("two things: line 2: min stands where max belongs; and line 3: `2` is too many in `2 * x`",
         "有两处：行号2：该用max的地方用了min；还有行号3：`2`在`2 * x`里是多余的"),
        ("batch element 0, query 1, key 12", "批量元素0、查询1、键12"),
        ("the last query", "最后一个查询"),
    ],
)  # fmt: skip
def test_a_verdict_in_chinese_is_chinese_as_a_whole(english: str, chinese: str) -> None:
    assert words.translated(english, words.catalogue("zh_CN")) == chinese


def test_english_is_what_is_said_where_nothing_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert words.say("the mask is inverted") is None
    assert (words.stop(), words.gap()) == (".", " ")
    monkeypatch.setenv(VARIABLE, "xx")
    assert not words.say_anything()
