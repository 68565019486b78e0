"""How English and Chinese say no: what counts, and what only looks like it."""

import re

NOT = re.compile(
    r"\b(?:not|no|never|none|nothing|nobody|cannot|without|neither|nor|nowhere)\b|n['’]t\b", re.I
)
NOT_ONLY = re.compile(r"\bnot only\b|\bno matter\b|\bno longer\b|\bno more than\b", re.I)
"""In which Chinese may do without."""

# Words in which English says no without one of the words above: a Chinese 不 may stand for them.
IMPLIED = (
    "only|few|little|least|fail|lack|miss|avoid|rather|instead|stop|refus|wrong|but|until|hardly"
    "|differ|other|can|keep|left|leave|free|either|whether|alike|same|still|empty|zero|hid|mask"
    "|lost|lose|drop|ignor|beyond|more|less|under|apart|any|must|equal|hard|weak|bad|poor|over"
    "|whatever|however|constant|random|unequal|blind|gone|forget|away|broke|false|far"
)
ALIKE = re.compile(rf"\b(?:un|in|im|il|ir|dis|non)[a-z-]+|\b\w+less\b|\b(?:{IMPLIED})|\b0\b", re.I)

CHINESE = re.compile("不|没|无|未|非|别(?!的|人|名)|莫|勿|否|免")
NO_NEGATION = re.compile(
    "是不是|不同|不过|不仅|不只|不管|不论|不断|不少|不等式|非常|除非|未来|无论|非线性|差别|区别|特别"
    "|分别|类别|识别|级别|无穷|无限|是否|能否|免费"
)


def in_english(text: str) -> int:
    """Return how many negations an English text has.

    >>> in_english("It is not only this, and not that.")
    1
    """
    return len(NOT.findall(NOT_ONLY.sub(" ", text)))


def in_chinese(text: str) -> int:
    """Return how many negations a Chinese text has.

    >>> in_chinese("两者不同，但都不对。")
    1
    """
    return len(CHINESE.findall(NO_NEGATION.sub(" ", text)))


def possible(text: str) -> bool:
    """Tell whether an English text has anything that Chinese may say with a negation."""
    return bool(NOT.search(text) or ALIKE.search(text))
