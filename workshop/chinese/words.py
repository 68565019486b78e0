"""The words that code says: scripts, extensions, live figures, and the verdicts on exercises.

Scripts and extensions ask for a translation themselves, with ``say("…")``. A live figure and a
verdict are put together from many pieces, and are translated when they are whole: each sentence by
the template that it was made from. A template holds in braces what was filled in.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from qkv_lib.explorers._page import features
from workshop.chinese.messages import Message, once, speaks

SAY = re.compile(r"""\bqkvSay\(\s*("(?:[^"\\]|\\.)*")""")
PYTHON_SAY = {"say"}
SHORT = re.compile(r"^[a-z0-9_.-]+$")  # a name, not a word


def of_scripts(folder: Path) -> list[Message]:
    """Return what the scripts of the pages say."""
    found = []
    for path in sorted(folder.rglob("*.js")):
        if path.stat().st_size > 100_000:
            continue
        for text in SAY.findall(path.read_text(encoding="utf-8")):
            found.append(Message(ast.literal_eval(text), "script", path.name))
    return once(iter(found))


def of_extensions(*folders: Path) -> list[Message]:
    """Return what the extensions put into the pages, and into the readers' notebooks."""
    found = []
    for path in sorted(path for folder in folders for path in folder.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "SAID":
                texts = ast.literal_eval(node.value)
                found += [Message(text, "page", path.name) for text in texts]
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
            if name in PYTHON_SAY and node.args and isinstance(node.args[0], ast.Constant):
                found.append(Message(str(node.args[0].value), "page", path.name))
    return once(iter(found))


# No words: names of classes and files, selectors, drawings, styles, markup.
NOT_SAID = re.compile(
    r"^[\s\W\d]*$|^[.#:\[\]()>;,-]\S*$|^[a-z-]+([-.:>\[ ][\w{}-]+)*[\]-]?$|^[MAL]\{?\d|translate"
    r"|\.(css|js)$|https?:|px$|^<|;$|^[\w.-]*[_.\d{}][\w.{}-]*$|data-|^[a-z]+(-[a-z]+)?: |^--"
    r"|^[A-Z]+$|^[KMGTPE]iB$|^\.of|\[value|^\s*:|^\n"
)
# Names of rows and columns are read, however plain.
HEADS = re.compile(r"(?:row|column)Names: \[(.*?)\]", re.DOTALL)
NAME = re.compile(r"^[a-z]{3,}$")
WRITTEN = re.compile(r'content: "([^"]*[A-Za-z]{3}[^"]*)"')
ONE_WORD = re.compile(r"^[A-Z][a-z]+$")
PLAIN = frozenset({
    "as before", "as it is", "at most", "cache, multi-head", "cache, these heads", "the rest",
    "cache, multi-query", "largest weight", "spread of scores", "size of the Jacobian", "causal",
    "size of Jacobian", "weighted sum", "values",
    "each of the other {0}", "each of {0}", "not asked for", "any key", "scores of one block",
    "the text", "one", "two", "none",
    "not divided", "tokens n", "width d", "heads h", "key-value heads g", "feed-forward width f",
    "what becomes of them", "turned by their positions", "scores, sum", "value", "score", "weight",
    "key", "query", "factor on the scores", "one query, its keys", "scores of one block, kept",
})  # fmt: skip
"""Words that look like names."""
PIECES = {
    "cost.js": (
        "blocks", "batch", "memory", "tokens", "multiplications",
        "{0} thousand", "{0} million", "{0} billion", "{0} trillion", "{0} quadrillion",
        "{0} quintillion",
        "Scores and weighted sum are {0} % of the multiplications. "
        "Without a window they are more than half from n = d + dg/h + f = {1} on.",
        "Scores and weighted sum are {0} % of the multiplications. "
        "Without a window they are more than half from n = d + dg/h + f = {1} on. Cache {2}.",
    ),
    "heads.js": ("weights of block {0}, head {1}", "weights of the text"),
    "lookup.js": ("large", "sweet →", "↑ large"),
    "rope.js": ("pair {0}",),
    "scaling.js": ("divided", "key {0}"),
    "sentence.js": ("): ", ", ", "; ", ": "),
    "steps.js": (
        ", queries: {0}", ", keys: {0}", ", values: {0}",
        "{0} Scores", "{0} Scale", "{0} Mask", "{0} Output",
        "scores: {0}", "scaled: {0}", "masked: {0}", "weights: {0}", "output: {0}",
        "scores = ", "output = weights ", "custom",
        "The rows of ", ", averaged with the weights of the query.",
    ),
    "steps.py": (
        "scores: rows are queries, columns are keys", "scaled: rows are queries, columns are keys",
        "weights: rows are queries, columns are keys",
        "output: rows are queries, columns are features",
    ),
}  # fmt: skip
"""What stands in a figure in pieces, in one plain word, or with a word that the script fills in."""


def of_explorers(folder: Path) -> list[Message]:
    """Return what the live figures say, their scripts and what stands there without them."""
    found = []
    for path in sorted(folder.glob("*.js")):
        if path.name == "speak.js":  # which says nothing of its own
            continue
        script = path.read_text(encoding="utf-8")
        heads = {text for names in HEADS.findall(script) for text in in_script(names)}
        for text in in_script(script):
            if said(text) or (text in heads and NAME.match(text)):
                found.append(Message(text, "figure", path.name))
    for path in sorted(folder.glob("*.css")):
        for text in WRITTEN.findall(path.read_text(encoding="utf-8")):
            found.append(Message(text, "style", path.name))
    for path in sorted(folder.glob("*.py")):
        for text in strings(path):
            if said(text) and "needs" not in text and path.name[0] != "_" and " " in text:
                found.append(Message(text, "figure", path.name))
    found += [Message(text, "figure", name) for name, texts in PIECES.items() for text in texts]
    found += [Message(text, "feature", "sentence") for text in features()]
    return once(iter(found))


def in_script(source: str) -> Iterator[str]:
    """Yield the strings of a script; what a template fills in is a number in braces.

    >>> list(in_script("say(`Run ${n} of ${f(`x y`)}`, 'no'); // `it`"))
    ['Run {0} of {1}', 'x y', 'no']
    """
    i = 0
    while i < len(source):
        if source.startswith("//", i):
            i = source.find("\n", i) + 1 or len(source)
        elif source[i] in "\"'":
            quote, start = source[i], i + 1
            i = start
            while source[i] != quote:
                i += 2 if source[i] == "\\" else 1
            yield source[start:i].replace("\\n", "\n")
            i += 1
        elif source[i] == "`":
            text, inside, i = template_at(source, i + 1)
            yield text
            for part in inside:
                yield from in_script(part)
        else:
            i += 1


def template_at(source: str, i: int) -> tuple[str, list[str], int]:
    """Return the template that begins at a place, what it fills in, and where it ends."""
    text, inside = "", []
    while source[i] != "`":
        if source.startswith("${", i):
            start, depth, i = i + 2, 1, i + 2
            while depth:
                if source[i] == "`":
                    _, _, i = template_at(source, i + 1)
                    continue
                depth += {"{": 1, "}": -1}.get(source[i], 0)
                i += 1
            text += f"{{{len(inside)}}}"
            inside.append(source[start : i - 1])
        else:
            text += source[i]
            i += 1
    return text, inside, i + 1


def said(text: str) -> bool:
    """Tell whether a string of a live figure is read by somebody.

    >>> said("Write one token"), said("tbody tr"), said("panel {0}")
    (True, False, False)
    """
    if text in PLAIN or ONE_WORD.match(text):
        return True
    words = re.findall(r"[A-Za-z]{2,}", re.sub(r"\{\d+\}", "", text))
    return len(words) > 0 and not NOT_SAID.search(text)


def of_engine(folder: Path) -> list[Message]:
    """Return what the verdicts are made of, whichever exercise."""
    found = []
    for path in sorted(folder.glob("*.py")):
        asked = own(path)
        found += [
            Message(text, "verdict", path.stem)
            for text in strings(path)
            if told(text) or text in asked
        ]
    found += [Message(f"{name} 0", "place", "axes") for name in axes()]
    return once(iter(found))


def axes() -> list[str]:
    """Return what the axes of answers are called, those in front of them first."""
    from qkv_lib.practice.exercises import EXERCISES

    named = [name for each in EXERCISES.values() for one in each.returns.values() for name in one]
    return list(dict.fromkeys(filter(None, ["batch element", *named])))


def own(path: Path) -> set[str]:
    """Return what a module asks the translation of itself, with ``own("…")``."""
    calls = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and (getattr(node.func, "id", "") == "own" or getattr(node.func, "attr", "") == "own")
    ]
    return {
        template(part) if isinstance(part, ast.JoinedStr) else str(part.value)
        for call in calls
        for part in call.args
        if isinstance(part, (ast.JoinedStr, ast.Constant))
    }


def of_exercises(folder: Path) -> list[Message]:
    """Return what the exercises of a chapter say of an answer."""
    found = []
    for path in sorted(folder.glob("*.py")):
        place = path.stem.removeprefix("exercise_")
        found += [Message(text, "verdict", place) for text in strings(path) if told(text)]
    return once(iter(found))


SAID_OF_ANSWERS = frozenset({
    "your {0}", "with {0}", "with {0}, {1}", "{0}. Then: {1}", "{0} holds NaN", "row", "column",
    "where {0} = {1}", "where {0} ≠ {1}", "where {0} > {1}", "where {0} < {1}", "where {0} {1} {2}",
    "0 · ∞ is NaN", "use `right`", "φ is SiLU + 1", "line {0}: {1}",
})  # fmt: skip
"""Parts of verdicts that have one word or none."""


def told(text: str) -> bool:
    """Tell whether a string of the grading is read by a learner: it has words, and is no code."""
    bare = re.sub(r"`[^`]*`|\{[^}]*\}", " ", text)
    words = re.findall(r"[a-z]{2,}", bare)
    several = len(words) > 1 and " " in text.strip() and "\n" not in text
    return several or text in SAID_OF_ANSWERS


def strings(path: Path) -> Iterator[str]:
    """Yield the strings of a module in their order, but for docstrings and errors."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for text, _ in sorted(_strings(tree), key=lambda found: found[1]):
        yield text


def _strings(node: ast.AST) -> Iterator[tuple[str, tuple[int, int]]]:
    if isinstance(node, ast.Raise):
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.keyword) and node.arg in ("skeleton", "solution", "without", "name"):
        return
    if isinstance(node, ast.JoinedStr):
        yield template(node), (node.lineno, node.col_offset)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from _strings(part.value)
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value, (node.lineno, node.col_offset)
        return
    for child in ast.iter_child_nodes(node):
        yield from _strings(child)


def template(node: ast.JoinedStr) -> str:
    """Return an f-string with its fields numbered."""
    parts, field = [], 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        else:
            parts.append(f"{{{field}}}")
            field += 1
    return "".join(parts)


def worded(text: str) -> bool:
    """Tell whether there is anything to translate."""
    return speaks(text)
