"""What docstrings write in backticks as on paper, ``|i + offset − j| < window``, evaluated."""

import re
from typing import Any

import numpy as np

from tests.equations.docstrings import docstrings

LITERAL = re.compile(r"``([^`]+)``")
FORMULA = re.compile(r"[≤≥<>=≠·+−√/²½‖Σ]| - | \* |\^|\d[a-z]\b|\d π")
NAME = re.compile(r"[\w./<>-]+(?:\.\w+)?|[\w.]+=|\w+=(?:True|False|\w+)|\w+\(.*=.*\)")
"""What looks like one but is the name of a file, an option or a call."""

PAPER = [
    (r"−", "-"), (r"·", "*"), (r"²", "**2"), (r"½", "0.5*"), (r"\^", "**"), ("≤", "<="),
    (r"√(\w+)", r"sqrt(\1)"), (r"√\(", "sqrt("), (r"\|([^|]+)\|", r"abs(\1)"),
    (r"‖([^‖]+)‖", r"norm(\1)"), (r"2π", "2*pi"), (r"_\{([^}]*)\}", r"[\1]"),
    (r"\be\*\*(\w+|\([^()]*\)|-\w+)", r"exp(\1)"), (r"⁻ᵀ", ".inv_T"), (r"(\w)ᵀ", r"\1.T"),
    (r"(\d|\b[a-zA-Z]\w*|\)) (?=[a-zA-Z(])(?!to\b|if\b|for\b)", r"\1 * "),
    (r"\b(\d+)(?=[a-zA-Z]\b)", r"\1*"),
]  # fmt: skip
FUNCTIONS = {"sqrt": np.sqrt, "exp": np.exp, "tanh": np.tanh, "abs": abs, "pi": np.pi,
             "norm": np.linalg.norm, "diag": np.diag}  # fmt: skip


def literals() -> list[tuple[str, str]]:
    """Return what public docstrings write as on paper, each with the name of its owner."""
    found = []
    for name, text in docstrings().items():
        private = any(part.startswith("_") for part in name.split("."))
        if not private and not name.startswith(("practice.", "plots.cells")):
            body = " ".join(text.partition("Examples\n---")[0].split())
            found += [(name, each) for each in LITERAL.findall(body)
                      if FORMULA.search(each) and not NAME.fullmatch(each)]  # fmt: skip
    return list(dict.fromkeys(found))


def value(formula: str, **symbols: Any) -> Any:
    """Return what a formula is worth; of an equation, whether its sides are.

    >>> value("|i − 3| < 2", i=2), value("d_ff = 4 d", d_ff=8, d=2), value("2 n · d²", n=3, d=5)
    (True, True, 150)
    """
    text = formula
    for pattern, new in PAPER:
        text = re.sub(pattern, new, text)
    sides = re.split(r"(?<![<>=!])=(?!=)", text)
    worth = [eval(each.strip(), {"__builtins__": {}}, FUNCTIONS | symbols) for each in sides]
    if len(worth) == 1:
        return worth[0]
    return all(np.allclose(worth[0], each) for each in worth[1:])


SLIPS = [
    ("<", "≤"), ("≤", "<"), (">", "≥"), ("+", "−"), ("−", "+"), (" · ", " + "), (" / ", " · "),
    ("√", ""), ("²", ""), ("_k", "_v"), ("_v", "_k"), ("i", "j"), ("j", "i"), ("//", "%"),
    ("tanh", "exp"), ("exp", "tanh"), ("1", "2"), ("2", "3"), ("4", "2"), ("6", "4"),
    ("= 0", "= 1"),
    ("h", "g"), ("g", "h"), ("n", "m"), ("m", "n"),
]  # fmt: skip


def slips(formula: str) -> list[str]:
    """Return a formula with a slip of the pen, one at each place where one can be made."""
    found = []
    for old, new in SLIPS:
        edge = r"(?<![A-Za-z_])%s(?![A-Za-z])" if old.isalpha() and len(old) == 1 else "%s"
        for at in re.finditer(edge % re.escape(old), formula):
            found.append(formula[: at.start()] + new + formula[at.end() :])
    return [each for each in dict.fromkeys(found) if not re.fullmatch(r"(\w+) = \1", each)]
