"""Words and their opposites: where English says the one, Chinese must not say the other."""

import re
from typing import NamedTuple


class Pair(NamedTuple):
    """Two opposites: what English may say for each, as wide as it goes, and Chinese, as plain."""

    english: tuple[str, str]
    chinese: tuple[str, str]


def degrees(adjectives: str) -> str:
    """Return what finds each of these adjectives in its degrees: more, most, rather, become."""
    return f"[更最较变][{adjectives}]"


PAIRS = tuple(Pair(english, chinese) for english, chinese in [
    ((r"larg|bigg|great|high|more|most|grow|ris[ei]|rose|increas|wide|long|above|over|exceed|maxim"
      r"|up\b|gain|much|many|at least|strong|big\b|deep|late|far\b|beyond|heav|add|extra|full"
      r"|likel",
      r"small|less|few|low|least|shrink|shrunk|fall|fell|drop|decreas|narrow|short|below|under"
      r"|little|minim|reduc|los[et]|cheap|weak|save|down|only|quarter|half|worse|near|light|tiny"
      r"|bit|shed|cut|at most|thin|no more"),
     (rf"{degrees('大多高长宽深厚')}|增大|增多|增加|升高|上升|大于|多于|高于|长于|超过",
      rf"{degrees('小少低短窄浅薄')}|减小|减少|降低|下降|小于|少于|低于|短于")),
    ((r"\bbefore|\bprevious|\bearlier|\bfirst|preced|above|until|ahead|ago|past|so far|already"
      r"|front|prior|begin|start|lead",
      r"\bafter|\bnext|\blater|\blast|follow|then|behind|below|once|since|end|trail|back|rear"
      r"|subsequent|when|by now|on\b|from|finish|stop|result|final"),
     ("之前|先于|前面|此前", "之后|后面|此后|随后")),
    ((r"because|since|so\b|for\b|as\b|why|reason|thus|hence|therefore|therefore|by\b|if\b",
      r"though|but|yet|still|while|despite|even|however|instead"),
     ("因为|由于|所以|因此", "虽然|尽管|但是")),
    ((r"\bleft", r"\bright"), ("左", "右")),
    ((r"\btrain|learn|taught", r"\btest|held.out|unseen|tried|try|prov|check|exam|probe"),
     ("训练", "测试")),
    ((r"\bencod", r"\bdecod"), ("编码", "解码")),
    ((r"\beven\b", r"\bodd\b"), ("偶数", "奇数")),
    ((r"\bpositiv|plus|add|sum", r"\bnegativ|minus|subtract|below 0|less than 0"),
     ("正数|为正|加上", "负数|为负|减去")),
    ((r"fast|quick|speed|soon", r"slow|late"),
     (rf"{degrees('快')}|加快|快于", rf"{degrees('慢')}|慢于")),
    ((r"multipl|times|product|factor|scale", r"divi|quotient|over|share|scale"),
     ("乘以|相乘", "除以|相除")),
    ((r"\bbetter|\bbest|improv|well|good|more|help|higher|win|beat|ahead",
      r"\bworse|\bworst|bad|poor|los|fail|behind|hurt|harm|less|lower|trail"),
     (rf"{degrees('好')}|优于|改善", rf"{degrees('差糟')}|不如|劣于")),
    ((r"\bsource", r"\btarget"), ("源语言|源序列|源句", "目标语言|目标序列|目标句")),
    ((r"\bforward", r"\bbackward"), ("前向", "反向")),
    ((r"\btrue\b|\bright\b|correct", r"\bfalse\b|fault|wrong|mistak|error|not right|misled"),
     ("正确", "错误")),
])  # fmt: skip


def exchanged(english: str, chinese: str) -> list[str]:
    """Return the Chinese words that say the opposite of what stands in the English.

    >>> exchanged("The larger the score, the more weight.", "分数更小，权重更少。")
    ['更小 更少']
    >>> exchanged("The larger of the two", "两者中更大的")
    []
    """
    found = []
    for pair in PAIRS:
        said = [bool(re.search(words, english.lower())) for words in pair.english]
        there = [re.findall(words, chinese) for words in pair.chinese]
        for one, other in ((0, 1), (1, 0)):
            if said[one] and not said[other] and there[other] and not there[one]:
                found.append(" ".join(there[other]))
    return found
