"""What a docstring says is refused, and the words of the errors that its function can raise."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

DEPTH = 6  # how far a call is followed


class Promise(NamedTuple):
    """One clause of *Raises*: the kinds of the error, and when it is raised."""

    function: str
    kinds: tuple[str, ...]
    clause: str


def promises(name: str, raises: str) -> Iterator[Promise]:
    """Yield the clauses of a section *Raises*, each with its kinds of error."""
    for kinds, text in re.findall(r"^(\w+(?:, \w+)*)\n((?:[ \t]+\S.*\n?)+)", raises, re.MULTILINE):
        for clause in re.split(r"[;.](?:\s|$)|, or |,? or (?=``)", re.sub(r"\s+", " ", text)):
            if clause.strip() and not re.match(r"\s*(?:As|or as) ", clause):
                yield Promise(name, tuple(kinds.split(", ")), clause.strip())


@cache
def messages(function: Callable[..., Any], depth: int = DEPTH) -> frozenset[tuple[str, str]]:
    """Return kind and words of each error that a function raises, itself or by what it calls."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return frozenset()
    texts = " ".join(ast.unparse(node.value) for node in ast.walk(tree)
                     if isinstance(node, ast.Assign | ast.AugAssign))  # fmt: skip
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            named = any(isinstance(each, ast.Name) for each in node.exc.args)
            words = ast.unparse(node.exc) + (texts if named else "")
            found.add((ast.unparse(node.exc.func), words))
    if depth:
        for called in called_by(function, tree):
            found |= messages(called, depth - 1)
    return frozenset(found)


def called_by(function: Callable[..., Any], tree: ast.AST) -> Iterator[Callable[..., Any]]:
    """Yield the functions and classes of the library that a piece of code names."""
    known = vars(inspect.getmodule(function) or ast)
    for node in ast.walk(tree):
        thing = None
        if isinstance(node, ast.Name):
            thing = known.get(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            thing = getattr(known.get(node.value.id), node.attr, None)
        ours = str(getattr(thing, "__module__", "")).startswith("qkv_lib")
        if ours and callable(thing) and thing is not function:
            yield thing


def stems(text: str) -> set[str]:
    """Return the words of a text, cut so that forms of one word agree, and synonyms too."""
    words = (word[:4] for word in re.findall(r"[a-z]{3,}", text.lower()))
    return {SYNONYMS.get(word, word) for word in words} - COMMON


COMMON = {
    "valu", "erro", "type", "need", "has", "have", "not", "and", "are", "one", "that", "for",
    "than", "with", "name", "its", "ther", "more", "each", "the",
}  # fmt: skip
SYNONYMS = {
    "fit": "shap", "diff": "shap", "axes": "shap", "axis": "shap", "widt": "shap", "size": "inte",
    "numb": "inte", "smal": "leas", "belo": "leas", "abov": "leas", "nega": "leas", "fewe": "leas",
    "unkn": "call", "stor": "call", "rang": "from", "word": "lett",
}  # fmt: skip


def is_kept(promise: Promise, function: Callable[..., Any]) -> bool:
    """Tell whether some error of the promised kind has words of the clause."""
    said = " ".join(text for kind, text in messages(function) if kind in promise.kinds)
    return bool(stems(promise.clause) & stems(said))
