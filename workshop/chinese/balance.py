"""Words and their opposites, counted: Chinese says each about as often as the English.

Who writes *after* for *before* moves two counts, so that both differ is asked about. Where
Chinese has many other ways to say the one, only the opposite direction is (`LOOSE`).
"""

import re
from typing import NamedTuple


class Pair(NamedTuple):
    """Two opposites, as English and as Chinese say them; what they have in common is dropped."""

    english: tuple[str, str]
    chinese: tuple[str, str]


PAIRS = {name: Pair((one, other), (first, second)) for name, one, other, first, second in [
    ("before", r"\bbefore|\bprevious|\bearlier|\bpreced|\bahead of|so far|\bprior|\bahead\b",
     r"\bafter|\bnext\b|\blater\b|\bfollow|\bafterwards|\bbehind|\bsubsequent",
     "之前|以前|前面|前一|先前|此前|前几|在前|前(?=的|置)|到此为止|前方",
     "之后|以后|后面|后一|随后|此后|然后|在后|接着|后(?=的|置|来)|跟着|跟在|落后|下一"),
    ("first", r"\bfirst|\bbegin|\bstart|\bopening", r"\blast\b|\bend(?:s|ing)?\b|\bfinal",
     "第一|首|开头|开始|最前|起初|起点|最早|先", "最后|末|结尾|终|最终|结束"),
    ("left", r"\bleft\b", r"\bright(?!-|ly)\b", "左", "右"),
    ("encoder", r"\bencod", r"\bdecod", "编码器", "解码器"),
    ("even", r"\beven\b", r"\bodd\b", "偶", "奇"),
    ("fast", r"\bfast|\bquick", r"\bslow", "快", "慢"),
    ("source", r"\bsource", r"\btarget", "源", "目标"),
    ("training", r"\btrain", r"\btest", "训练", "测试"),
    ("row", r"\brows?\b", r"\bcolumns?\b", "行", "列"),
    ("query", r"\bquer", r"\bkeys?\b", "查询", "键"),
    ("key", r"\bkeys?\b", r"\bvalues?\b", "键", "值"),
    ("input", r"\binput", r"\boutput", "输入", "输出"),
    ("add", r"\badd|\bplus", r"\bsubtract|\bminus|\bless\b", "加", "减"),
    ("better", r"\bbetter|\bbest", r"\bworse|\bworst", "好|优", "差|坏|劣"),
    ("more", r"\bmore\b|\bmost\b|\bmany\b|\bmuch\b", r"\bless\b|\bfewer\b|\bleast\b|\bfew\b",
     "多", "少"),
    ("large", r"\blarg|\bbigg|\bgreat|\bgrow|\bincreas|\brise",
     r"\bsmall|\bshrink|\bdecreas|\bfall|\bdrop|\btiny",
     "大(?!约|概|多|部|家|致|写)|增|升", "小(?!数|时)|减|降|缩"),
    ("long", r"\blong|\bwide", r"\bshort|\bnarrow", "长|宽", "短|窄"),
    ("right", r"\bright\b|\bcorrect|\btrue", r"\bwrong|\bfalse|\bmistak|\bincorrect",
     "正确|对(?=的|了|，|。)|真", "错|假"),
    ("multiply", r"\bmultipl|\btimes\b", r"\bdivid|\bover\b", "乘", "除(?!了|非|以外)"),
    ("steep", r"\bsteep|\bsharp", r"\bflat|\bgentl", "陡|尖", "平缓|缓|平(?!均|方|台)"),
    ("hidden", r"\bhid|\bmask", r"\bsee|\bsaw|\bvisible", "遮|藏|隐|掩码", "看|见"),
]}  # fmt: skip
LOOSE = frozenset({
    "left", "even", "training", "add", "better", "more", "large", "long", "right", "multiply",
    "steep", "hidden",
})  # fmt: skip
IN_BRACKETS = re.compile("（[A-Za-z][^（）]*）")


def out_of_balance(english: str, chinese: str) -> list[str]:
    """Return the pairs of opposites that Chinese divides in another way.

    >>> out_of_balance("The row before, and the row after it", "后面的行，再后面的行")
    ['before: 1 and 1 in the English, 0 and 2 here']
    >>> out_of_balance("The row before, and the row after it", "前面的行，再看后面的行")
    []
    """
    text, there = english.lower(), IN_BRACKETS.sub("", chinese)
    found = []
    for name, pair in PAIRS.items():
        one, other = (len(re.findall(each, text)) for each in pair.english)
        first, second = (len(re.findall(each, there)) for each in pair.chinese)
        wanted, have = one - other, first - second
        apart = one != first and other != second and abs(wanted - have) >= 2
        if wanted * have < 0 or (apart and name not in LOOSE):
            said = f"{one} and {other} in the English, {first} and {second} here"
            found.append(f"{name}: {said}")
    return found
