"""What a translation must keep: one function a rule, and each returns what is wrong.

A rule that is wrong about one message is answered for in its catalogue, in a line above it:
``# ok: order 3f2a``. The digits are a digest of both texts: who changes one answers again. Only
rules that judge words can be answered for; what is code, formula, number or link has no second
form.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

from workshop.chinese import balance as scales
from workshop.chinese import negation as no
from workshop.chinese import opposites
from workshop.chinese import terms as law
from workshop.chinese.catalogue import Entry
from workshop.chinese.emphasis import too_far
from workshop.chinese.messages import SAME, speaks
from workshop.chinese.terms import BY_CHANCE, PLACES, in_chinese, in_english, prose, terms
from workshop.pages import inline

HAN = r"\u3007\u3400-\u4dbf\u4e00-\u9fff"
WIDE = "，。；：！？、（）“”‘’《》…—"
OPERATORS = "=−×±→←≈≤≥<>+"
"""Signs with a space on both sides, or on neither."""
APART = rf"[^\s{OPERATORS}]"
"""Signs that have no space beside Chinese."""
LABEL = r"(?:^(?:\*\*|\[)?\d+\.|★)"
"""What stands apart from the words behind it: the number of a title, even in a link, and stars."""
SECTION = re.compile(r"\d\.\d (?=[A-Z])")
"""The number of a section, as a title in English begins with it."""
GLOSS = re.compile(r'\s*[(（]?<span lang="zh">.*?</span>[)）]?', re.DOTALL)
TAG = re.compile(r"</?[a-z][^>]*>")
FIELD = re.compile(r"(?<!\$)(?<!\\)\{[^{}`]*\}(?!`)")
NUMBER = re.compile(
    r"(?:(?<![A-Za-z0-9_.)\]])[−-])?(?<![A-Za-z_\d.])\d[\d,]*(?:\.\d+)?(?:e[−-]?\d+)?"
)
NUMERALS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "sixteen": 16, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "hundred": 100, "thousand": 1000,
    "million": 1_000_000, "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6,
    "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10, "half": 2, "twice": 2, "quarter": 4,
    "once": 1, "double": 2, "both": 2,
}  # fmt: skip
HAN_DIGITS = {
    "1": "一", "2": "二两", "3": "三", "4": "四", "5": "五", "6": "六", "7": "七", "8": "八",
    "9": "九", "10": "十",
}  # fmt: skip


def filled(english: str, chinese: str) -> Iterator[str]:
    """Ask for Chinese."""
    if not chinese.strip():
        yield "no translation"
    elif speaks(GLOSS.sub("", english)) and not re.search(f"[{HAN}]", chinese):
        yield "still English"


def left_over(_english: str, chinese: str) -> Iterator[str]:
    """Look for English left over: three words in a row, not in brackets, code or italics."""
    text = prose(
        re.sub(
            r'<span lang="en">.*?</span>|[(（][^()（）]*[)）]|(?<!\*)\*[^*]+\*(?!\*)', " ", chinese
        )
    )
    for run in re.findall(r"[A-Za-z][A-Za-z'’-]+(?:[ ,]+[A-Za-z][A-Za-z'’-]+){2,}", text):
        if any(word.islower() for word in run.split()):
            yield f"English is left: {run!r}"


def same(english: str, chinese: str) -> Iterator[str]:
    """Code, formulas, roles, links, tags and fields stand there as often as in the English."""

    def parts(text: str) -> Counter[str]:
        text = GLOSS.sub("", text)
        found = [match[0] for match in SAME.finditer(text)]
        kept = [
            " ".join(each.split())
            for each in found
            if not re.match(r'</?span( lang="\w+")?>|<br>', each)
        ]
        return Counter(kept)

    yield from differences(parts(english), parts(chinese))


def fields(english: str, chinese: str) -> Iterator[str]:
    """Ask for each field that is filled in later, and for no other."""
    yield from differences(Counter(FIELD.findall(english)), Counter(FIELD.findall(chinese)))


def differences(wanted: Counter[str], found: Counter[str]) -> Iterator[str]:
    """Yield what is missing and what is too much."""
    for each, count in (wanted - found).items():
        yield f"missing: {each}" + (f" ({count} times)" if count > 1 else "")
    for each, count in (found - wanted).items():
        yield f"not in the English: {each}" + (f" ({count} times)" if count > 1 else "")


def numbers(english: str, chinese: str) -> Iterator[str]:
    """Each number, with its sign; a number in words may be one in digits."""

    def found(text: str) -> Counter[str]:
        text = prose(GLOSS.sub("", text))
        return Counter(each.replace(",", "").replace("-", "−") for each in NUMBER.findall(text))

    wanted, there = found(english), found(chinese)
    words = Counter(
        str(NUMERALS[word]) for word in re.findall(r"[a-z]+", english.lower()) if word in NUMERALS
    )
    for each, count in (wanted - there).items():
        if not said_in_han(each, chinese, count):
            yield f"the number {each} is missing"
    if english.count("★") != chinese.count("★"):
        yield f"{chinese.count('★')} stars, {english.count('★')} in the English"
    for each in there - wanted - words:
        yield f"the number {each} is not in the English"


def said_in_han(number: str, chinese: str, count: int) -> bool:
    """Tell whether a small number stands there as a character."""
    return number in HAN_DIGITS and sum(map(chinese.count, HAN_DIGITS[number])) >= count


def negation(english: str, chinese: str) -> Iterator[str]:
    """As many negations as the English has, and none where it has nothing like one."""
    text = prose(GLOSS.sub("", english))
    said, there = no.in_english(text), no.in_chinese(prose(chinese))
    if there < said:
        yield f"{said} negations in the English, {there} in the Chinese"
    elif there and not no.possible(text):
        yield "a negation that the English has not"


def opposite(english: str, chinese: str) -> Iterator[str]:
    """Say more for more, before for before, left for left."""
    for each in opposites.exchanged(prose(GLOSS.sub("", english)), prose(chinese)):
        yield f"{each}: the English says the opposite"


def balance(english: str, chinese: str) -> Iterator[str]:
    """Say each of two opposites about as often."""
    there = BY_CHANCE.sub(lambda found: " " * len(found[0]), prose(chinese))
    yield from scales.out_of_balance(prose(GLOSS.sub("", english)), there)


SYMBOL = re.compile(
    r"(?<![A-Za-z0-9_'’])(?:[A-Za-zα-ωΑ-Ω]+_[A-Za-z0-9_]+|[B-HJ-ZΑ-Ω]"
    rf"|[b-zα-ω](?=[ _^·×²ᵀ,;:.)\]|+−/=<>≤≥{HAN}{WIDE}]|\s|$)|[A-Z]{{2,3}}(?=ᵀ)|[a-z]+\d+)"
    r"(?![A-Za-z0-9_'’])(?!\.[A-Za-z])"
)
"""A letter of a formula, or a name as in code, among words: ``n_q``, ``Q``, ``word1``."""


def symbols(english: str, chinese: str) -> Iterator[str]:
    """Letters of formulas and names of code stand there as often outside formulas too."""
    wanted, there = (Counter(SYMBOL.findall(prose(GLOSS.sub("", each))))
                     for each in (english, chinese))  # fmt: skip
    yield from differences(wanted, there)


def sequence(english: str, chinese: str) -> Iterator[str]:
    """Code, formulas, symbols and numbers come in the order of the English."""

    def parts(text: str) -> Iterator[list[str]]:
        text = GLOSS.sub("", text)
        yield [" ".join(each[0].split()) for each in SAME.finditer(text) if each[0][0] in "`$"]
        yield SYMBOL.findall(prose(text))
        yield [each.replace(",", "") for each in NUMBER.findall(FIELD.sub(" ", prose(text)))]

    for wanted, there in zip(parts(english), parts(chinese), strict=True):
        if wanted != there and sorted(wanted) == sorted(there):
            yield f"{', '.join(wanted)} in the English, {', '.join(there)} here"


ENDS = re.compile(r"[.!?][)”\"’\]*]*(?=\s|$)"), re.compile("[。！？]")
NO_END = re.compile(r"\b(?:et al|e\.g|i\.e|vs|ca)\.|^(?:\*\*)?\d+\. |\.\.\.")


def ends(english: str, chinese: str) -> Iterator[str]:
    """As many sentences as the English has."""
    text = NO_END.sub(" ", prose(GLOSS.sub("", english)))
    wanted, there = (
        len(each.findall(some)) for each, some in zip(ENDS, (text, prose(chinese)), strict=True)
    )
    if wanted != there:
        yield f"{wanted} sentences in the English, {there} here"


LONG = 12
SHORTEST = 0.9
"""Chinese signs for each English word: half of all messages have 1.5, one in a thousand less."""
SHORT = 1.3
"""Below it a sentence may be missing, if there are fewer of them too."""


def whole(english: str, chinese: str) -> Iterator[str]:
    """Say all of it: of a long message no sentence may be left out."""
    text, there = prose(re.sub(r"^\d+\. ", "", GLOSS.sub("", english))), prose(chinese)
    words = len(re.findall(r"[A-Za-z]+|\d+", text))
    signs = len(re.findall(rf"[{HAN}]|\d+|[A-Za-z]+", there))
    wanted, ends = (len(re.findall(each, some)) for each, some in (
        (r"[.!?:;](?=\s|$)", text), (r"[。！？：；]", there)))  # fmt: skip
    fewer = wanted > max(1, ends)
    least = (SHORT if fewer else SHORTEST) * words
    if words >= LONG and signs < least and not re.search(r"\n|\{\w*\}", english):
        yield f"{words} words in {signs} signs, {wanted} ends of sentences in {ends}"


def term(english: str, chinese: str) -> Iterator[str]:
    """Ask for the glossary's word wherever its term stands."""
    there, close = in_english(english), chinese.replace(" ", "")
    for each in terms():
        missing = not any(word.replace(" ", "") in close for word in each.chinese)
        if missing and each.enforced and each.chinese and each.word in there:
            yield f"{each.word} is {' or '.join(each.chinese)}"


def back(english: str, chinese: str) -> Iterator[str]:
    """Let a word of the glossary stand for its own term only."""
    there = in_english(english)
    words = {each.removesuffix("s") for each in re.findall(r"[a-z]{3,}", prose(english).lower())}
    allowed = {
        word
        for each in terms()
        if each.word in there or words & set(re.findall(r"[a-z]{3,}", each.word.lower()))
        for word in each.chinese
    }
    left = prose(chinese)
    for word in sorted(allowed, key=len, reverse=True):
        left = left.replace(word, " ") if len(word) > 1 else left
    for each in terms():
        strict = each.enforced and (each.word in ("query", "key") or each.word in PLACES)
        own = each.enforced and each.word not in law.OURS
        for word in each.chinese:
            if word in allowed or word not in left:
                continue
            long = own and len(word) >= 3 and re.fullmatch(f"[{HAN}]+", word)
            if (strict or long) and in_chinese(left, word):
                yield f"{word} is {each.word}, which the English does not say"


NAMED = re.compile(
    rf"(?P<chinese>[{HAN}]+)(?:\*\*|\*|</span>)*（(?P<english>[A-Za-z][A-Za-z -]+)[，；）]"
)


def named(_english: str, chinese: str) -> Iterator[str]:
    """Put an English term in brackets behind its own Chinese word."""
    for found in NAMED.finditer(chinese):
        for each in terms():
            ours = each.chinese and each.word not in law.NAMES
            if ours and law.is_term(each.word, found["english"]):
                if not any(word in found["chinese"] for word in each.chinese):
                    yield f"{each.word} is {' or '.join(each.chinese)}, not {found['chinese']}"
                break


def one_word(english: str, chinese: str) -> Iterator[str]:
    """Say the same thing with the same word all over the book."""
    for word, ours in law.NOT_OURS.items():
        if word in chinese:
            yield f"{ours} is the word of this book, not {word}"
    said, there = (len(re.findall(each, some)) for each, some in (
        (r"\bexponents?\b", prose(english).lower()), (law.EXPONENT, prose(chinese))))  # fmt: skip
    if there > said:
        yield "指数 is the exponent; the value of an exponential is 幂"
    for found in law.SECTION.findall(chinese):
        yield f"第{found}, not {found}"


GROUPS = (
    {"quer(?:y|ies)": "查询", "keys?": "键", "values?": "值"}, {"rows?": "行", "columns?": "列"},
    {"encoders?": "编码器", "decoders?": "解码器"}, {"sources?": "源", "targets?": "目标"},
    {"inputs?": "输入", "outputs?": "输出"},
)  # fmt: skip


def order(english: str, chinese: str) -> Iterator[str]:
    """Query, key and value come in the order of the English, and so do row and column."""
    text = prose(GLOSS.sub("", english)).lower()
    left = BY_CHANCE.sub(lambda found: " " * len(found[0]), prose(chinese))
    left = scales.IN_BRACKETS.sub("", left)
    for group in GROUPS:
        wanted, found = (sorted((at.start(), i) for i, word in enumerate(words)
                                for at in re.finditer(word, some))
                         for words, some in (([rf"\b{each}\b" for each in group], text),
                                             (group.values(), left)))  # fmt: skip
        here, there = ([i for _, i in each] for each in (wanted, found))
        firsts = [list(dict.fromkeys(each)) for each in (here, there)]
        exchanged = sorted(here) == sorted(there) and here != there
        if exchanged or (sorted(firsts[0]) == sorted(firsts[1]) and firsts[0] != firsts[1]):
            names, said = list(group), list(group.values())
            told = ", ".join(re.sub(r"\W.*|s$", "", names[i]) for i in here)
            yield f"{told} in the English, {'、'.join(said[i] for i in there)} here"


def structure(english: str, chinese: str) -> Iterator[str]:
    """Read bold, italics, links and formulas as often in both."""
    counts = [Counter(inline(GLOSS.sub("", text))) for text in (english, chinese)]
    for mark in ("strong", "em", "link", "math_inline", "code_inline", "myst_role"):
        wanted, found = (each[mark] for each in counts)
        if wanted != found:
            yield f"{found} of {mark} are read, {wanted} in the English: punctuation inside it?"


def extent(english: str, chinese: str) -> Iterator[str]:
    """Bold and italics reach about as far as in the English."""
    for each in too_far(GLOSS.sub("", english), chinese):
        yield f"emphasised in the Chinese, and of another length in the English: {each}"


def label_of(english: str) -> str:
    """Return the pattern of what stands apart from the words behind it in a message."""
    return rf"(?:{LABEL}|^\d\.\d)" if SECTION.match(english) else LABEL


def typography(english: str, chinese: str) -> Iterator[str]:
    """Full-width punctuation, no space beside a Chinese character, one kind of quotation marks."""
    # Examples in italics have spaces; what is no word stands there as a sign.
    text = re.sub(r"(?<!\*)\*(?!\*)[^*]+\*(?!\*)", "\x01", chinese)
    text = TAG.sub("", text).replace("**", "")
    text = SAME.sub(lambda found: "](" if found[0].startswith("](") else "\x00", text)
    label = label_of(english)
    if re.search(rf"{label}[{HAN}]", text):
        yield "no space behind the number or the stars"
    text = re.sub(rf"({label}) (?=[{HAN}])", r"\1", text)
    for found in re.finditer(
        rf"[{HAN}{WIDE}\x00\x01](?P<sign>[,;:!?])(?=\s|[{HAN}]|$)|[{HAN}](?P<stop>\.)(?=\s|$)", text
    ):
        yield f"half-width {found['sign'] or found['stop']!r} beside Chinese"
    if re.search(rf"[{HAN}]\((?!\x00)|\)(?=[{HAN}])", text):
        yield "half-width brackets beside Chinese"
    spaces = "[ \\t]+" if "\n" in english else "\\s+"
    for found in re.finditer(
        rf"[{HAN}{WIDE}]{spaces}(?={APART})|{APART}{spaces}(?=[{HAN}{WIDE}])", text
    ):
        yield f"a space beside Chinese: {found[0]!r}"
    for found in re.finditer(rf"[{HAN}][{OPERATORS}] | [{OPERATORS}][{HAN}]", text):
        yield f"a space on one side only: {found[0]!r}"
    for sign in '「」『』"＂':
        if sign in text:
            yield f"quotation marks are “ and ”, not {sign}"
    whole = english.count("(") == english.count(")")
    if text.count("“") != text.count("”") or (whole and text.count("（") != text.count("）")):
        yield "a quotation mark or bracket without its other half"


Rule = Callable[[str, str], Iterator[str]]
RULES: tuple[Rule, ...] = (
    filled, left_over, same, fields, numbers, negation, opposite, balance, symbols, sequence, ends,
    whole, term, back, named, one_word, order, structure, extent, typography,
)  # fmt: skip
FIRM = {"filled", "same", "fields", "structure", "typography"}
"""Rules that nobody can answer for; a message that stays English is marked ``ok: english``."""

AGAIN = "was said of another text: read the sentence again, then put it again"


def faults(entry: Entry) -> list[str]:
    """Return what is wrong with a translation; nothing where there is none yet."""
    if not entry.done:
        return []
    found = [f"answered: “{each}” {AGAIN}" for each in entry.outdated]
    if entry.text == entry.translation and "english" in entry.waived:
        return found
    for rule in RULES:
        if rule.__name__ in entry.waived - FIRM:
            continue
        wrong = [f"{rule.__name__}: {each}" for each in rule(entry.text, entry.translation)]
        found += wrong
        if wrong and rule is filled:
            break
    return found
