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


def of_extensions(folder: Path) -> list[Message]:
    """Return what the extensions put into the pages."""
    found = []
    for path in sorted(folder.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = isinstance(node, ast.Call) and getattr(node.func, "id", "") in PYTHON_SAY
            if called and isinstance(node.args[0], ast.Constant):
                found.append(Message(str(node.args[0].value), "page", path.name))
    return once(iter(found))


STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`')
TEMPLATE = re.compile(r"\$\{")
NOT_SAID = re.compile(
    r"^[\s\W\d]*$|^[\w.#:\[\]>~=^*-]+$|^(?:M|translate\(|var\()|px|[;{]\s*$|[a-z]-[a-z]+:"
)


def of_explorers(folder: Path) -> list[Message]:
    """Return what the live figures say, their scripts and what stands there without them."""
    found = []
    for path in sorted(folder.glob("*.js")):
        source = re.sub(r"(?m)(^|\s)//.*$", "", path.read_text(encoding="utf-8"))
        for plain, template in STRING.findall(source):
            text = plain or braced(template)
            if said(text):
                found.append(Message(text, "figure", path.name))
    for path in sorted(folder.glob("*.py")):
        for text in strings(path):
            if said(text) and not text.startswith("<") and "needs" not in text:
                found.append(Message(text, "figure", path.name))
    return once(iter(found))


def braced(template: str) -> str:
    """Return a template of JavaScript with each of its fields in plain braces, numbered.

    >>> braced("Run ${n} of ${f(`x`)}")
    'Run {0} of {1}'
    """
    parts, depth, field = [], 0, -1
    i = 0
    while i < len(template):
        if depth == 0 and template.startswith("${", i):
            field += 1
            parts.append(f"{{{field}}}")
            depth, i = 1, i + 2
            continue
        if depth:
            depth += {"{": 1, "}": -1}.get(template[i], 0)
        else:
            parts.append(template[i])
        i += 1
    return "".join(parts)


def said(text: str) -> bool:
    """Tell whether a string of a script is read by somebody."""
    words = re.findall(r"[A-Za-z]{2,}", re.sub(r"\{\d+\}", "", text))
    if not words or NOT_SAID.search(text):
        return bool(re.fullmatch(r"[A-Z][a-z]+", text))
    return True


def of_engine(folder: Path) -> list[Message]:
    """Return what the verdicts are made of, whichever exercise."""
    found = []
    for path in sorted(folder.glob("*.py")):
        found += [Message(text, "verdict", path.stem) for text in strings(path) if told(text)]
    return once(iter(found))


def of_exercises(folder: Path) -> list[Message]:
    """Return what the exercises of a chapter say of an answer."""
    found = []
    for path in sorted(folder.glob("*.py")):
        place = path.stem.removeprefix("exercise_")
        found += [Message(text, "verdict", place) for text in strings(path) if told(text)]
    return once(iter(found))


def told(text: str) -> bool:
    """Tell whether a string of the grading is read by a learner: it has words, and is no code."""
    bare = re.sub(r"`[^`]*`|\{[^}]*\}", " ", text)
    words = re.findall(r"[a-z]{2,}", bare)
    return len(words) > 1 and " " in text.strip() and "\n" not in text


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
