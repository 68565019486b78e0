"""The glossary as law: which Chinese word stands for which English one."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

from workshop.chinese.messages import SAME
from workshop.pages import BOOK, directive, directive_body, tokens

GLOSSARY = BOOK / "appendix" / "glossary.md"
CHINESE = re.compile(r'<span lang="zh">(.*?)</span>', re.DOTALL)

# Terms that are also words of every day: only where the glossary's sense is meant must they be the
# glossary's word, and no test can tell.
EVERYDAY = frozenset({
    "alignment", "bias", "block", "chance", "context", "draft", "embedding", "feature",
    "language model", "latent", "layout", "offset", "output", "patch", "pooling", "probe",
    "projection", "property", "recurrence", "rule", "sampling", "scaling", "scores", "seed",
    "source", "state", "target",
})  # fmt: skip
# A longer Chinese term may be said shorter.
SHORTER = {
    "attention sink": "汇点", "rollout": "展开", "attention map": "图",
    "block-sparse attention": "稀疏", "residual path": "残差", "held-out data": "留出",
    "layer normalisation": "归一化", "KV cache": "缓存", "multi-head latent attention": "潜在",
    "sequence to sequence": "序列", "feed-forward layer": "前馈", "Jacobian": "雅可比",
}  # fmt: skip
# Names that a Chinese text may leave as they are.
NAMES = frozenset({
    "ALiBi", "autograd", "dropout", "KV cache", "logits", "log-sum-exp", "n-gram", "NoPE",
    "online softmax", "rollout", "RoPE", "softmax", "top-p", "Transformer", "Vision Transformer",
    "YaRN",
})  # fmt: skip
# Chinese words that hold a term by chance.
BY_CHANCE = re.compile(
    "关键|键盘|按键|键入|数值|价值|值得|峰值|极值|阈值|最大值|最小值|均值|取值|真值|初值|布尔值|返回值"
    "|序列|列出|排列|系列|列表|列举|一系列|运行|执行|进行|并行|行为|可行|平行|行得通|同行|行动|流行|行不通|行列式|旅行|发行"
    "|开头|头脑|从头|回头|到头来|前头|里头|两头|尽头|点头"
)
# Words of arithmetic that must not be exchanged, and that every reader of a formula relies on.
PLACES = {"row": "行", "column": "列"}


# Words that the glossary need not explain, and that are the same all over the book.
OURS = {"forward pass": "前向计算", "meaning": "含义"}
NOT_OURS = {
    "代码格": "单元格", "前向传播": "前向计算", "分散程度": "离散程度", "普通平均": "简单平均",
    "朴素平均": "简单平均",
}  # fmt: skip
# 指数 is the exponent, whose value is 幂; only the act of taking it, and names, may have the word.
EXPONENT = re.compile("(?<!对数)(?<!归一化)(?<!取)(?<!取了)指数(?!函数|级)")
SECTION = re.compile(r"(?<![第\d.至到、和])\d+\.\d+节")


class Term(NamedTuple):
    """A word of the glossary: as it is written, and what may stand for it."""

    word: str
    chinese: tuple[str, ...]
    enforced: bool


@cache
def terms() -> tuple[Term, ...]:
    """Return the terms, the longer ones first."""
    page = GLOSSARY.read_text(encoding="utf-8")
    (body,) = (directive_body(each) for each in tokens(page) if directive(each) == "glossary")
    found = []
    for entry in re.split(r"\n+(?=\S)", body.strip()):
        term, first, *_ = entry.splitlines()
        words = tuple(CHINESE.findall(first.partition("; in the article")[0]))
        names = term.split(", ")
        for i, name in enumerate(names):
            said = words[i : i + 1] if len(names) > 1 else words
            said += (SHORTER[name],) if name in SHORTER else ()
            said += (name,) if name in NAMES else ()
            found.append(Term(name, said, name not in EVERYDAY))
    found += [Term(word, (chinese,), True) for word, chinese in (PLACES | OURS).items()]
    return tuple(sorted(found, key=lambda term: -len(term.word)))


@cache
def _pattern(word: str) -> re.Pattern[str]:
    stem = f"{re.escape(word[:-1])}(?:y|ies)" if word.endswith("y") else re.escape(word)
    stem = re.escape(word.removesuffix("s")) if word in ("weights", "scores", "logits") else stem
    return re.compile(rf"(?<![\w-]){stem}(?:e?s)?(?![\w-])", 0 if word in NAMES else re.I)


def is_term(word: str, text: str) -> bool:
    """Tell whether a text is a term of the glossary and nothing else."""
    return _pattern(word).fullmatch(text) is not None


def prose(text: str) -> str:
    """Return a text without what is the same in every language; a sign stands in its place."""
    return SAME.sub(lambda found: "]" if found[0].startswith("](") else "\x00", text)


@lru_cache(maxsize=2)
def in_english(text: str) -> dict[str, int]:
    """Return how often each term occurs in an English text, the longest of two that overlap."""
    left = prose(CHINESE.sub(" ", text))
    found, small = {}, left.lower()
    for term in terms():
        if term.word[:-1].lower() not in small:
            continue
        left, count = _pattern(term.word).subn(" | ", left)
        if count:
            found[term.word] = count
    return found


def in_chinese(text: str, word: str) -> int:
    """Return how often a Chinese word occurs, but for words that hold it by chance."""
    left = prose(text)
    if len(word) == 1:
        left = BY_CHANCE.sub(" ", left)
    return left.count(word)
