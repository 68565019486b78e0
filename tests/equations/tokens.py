"""Cut the LaTeX of a formula into tokens, and its rows into statements.

What only sets the formula (spaces, sizes of brackets, alignment) is left out here, so that the
parser meets mathematics alone.
"""

import re
from collections.abc import Container, Iterable
from typing import NamedTuple


class Token(NamedTuple):
    """A number, a name, a text (words between formulas), or a symbol."""

    kind: str
    text: str

    def __str__(self) -> str:
        return self.text


END = Token("end", "")
BREAK = Token("symbol", ";")  # between two statements
ROW, COLUMN = Token("symbol", r"\\"), Token("symbol", "&")
RELATIONS = {"=": "=", "<": "<", ">": ">", r"\le": "≤", r"\ge": "≥", r"\in": "∈", r"\notin": "∉",
             r"\ne": "≠", r"\approx": "≈"}  # fmt: skip
GOES_ON = {*RELATIONS, "+", "-", r"\Longleftrightarrow"}  # a row that begins so is the last one's
OPENS = {"(", "[", "{", r"\{", "begin"}
CLOSES = {")", "]", "}", r"\}", "end"}
FUNCTIONS = {"exp", "log", "ln", "sin", "cos", "tanh"}
GREEK = {"alpha", "beta", "gamma", "delta", "theta", "lambda", "omega", "rho", "sigma", "tau",
         "phi", "pi", "ell", "Delta", "Sigma"}  # fmt: skip
SETS = r"""
    \s+ | ~ | \{\} | \\[,;!:\ ]
  | \\(?:left|right|[bB]igg?[lr]?)(?![a-zA-Z])
  | \\(?:begin|end)\{(?:aligned|gathered)\}
  | \\mathbb\{1\}
"""
PIECE = re.compile(
    rf"""
    (?P<setting>{SETS})
  | \\(?P<edge>begin|end)\{{(?P<table>\w+)\}}
  | \\(?P<font>text|operatorname\*?|mathrm|mathbf)\{{(?P<word>[^{{}}]*)\}}
  | (?P<argmax>\\arg\\max)
  | (?P<row>\\\\) | (?P<wide>\\q?quad|&&) | (?P<follows>\\Rightarrow)
  | \\(?P<command>[a-zA-Z]+)
  | (?P<brace>\\[{{}}]) | (?P<number>\d+(?:\.\d+)?) | (?P<letters>[a-zA-Z]+) | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def identifier(words: str) -> str:
    """Return words as one name: ``top-left`` is top_left, ``arg\\,max`` is argmax."""
    return re.sub(r"\W+", "_", words.replace(r"\,", "").strip())


def tokens(latex: str, names: Container[str]) -> list[Token]:
    """Return the tokens of a formula; `names` are the names that may be longer than a letter."""
    found: list[Token] = []
    for piece in PIECE.finditer(latex):
        if piece["setting"] is None:
            found.extend(_of(piece, names))
    return _statements(found)


def _of(piece: re.Match[str], names: Container[str]) -> Iterable[Token]:
    kind, text = piece.lastgroup, piece[0]
    if kind == "word":
        word = {"1": "ones"}.get(piece["word"], identifier(piece["word"]))
        if word == "argmax":
            return [Token("symbol", "argmax")]
        return [Token("text" if piece["font"] == "text" and word not in names else "name", word)]
    if kind == "table":
        return [Token("symbol", piece["edge"]), Token("name", piece["table"])]
    if kind in {"argmax", "number"}:
        return [Token("number" if kind == "number" else "symbol", text.replace("\\", ""))]
    if kind in {"wide", "follows"}:
        return [BREAK]
    if kind == "letters":
        return _letters(text, names)
    if kind == "command" and (piece["command"] in GREEK | FUNCTIONS):
        return [Token("name", {"lambda": "lam"}.get(piece["command"], piece["command"]))]
    return [Token("symbol", text)]


def _letters(run: str, names: Container[str]) -> Iterable[Token]:
    """Cut a run of letters into names: the longest that is known, else one letter."""
    while run:
        size = next((n for n in range(len(run), 1, -1) if run[:n] in names), 1)
        yield Token("name", run[:size])
        run = run[size:]


def _statements(found: list[Token]) -> list[Token]:
    """Put a break between statements; keep rows and columns where a table stands."""
    kept: list[Token] = []
    inside: list[str] = []
    for token in found:
        if token.kind == "symbol" and token.text in OPENS:
            inside.append(token.text)
        elif token.kind == "symbol" and token.text in CLOSES:
            inside.pop()
        if inside and inside[-1] == "begin":
            kept.append(token)
        elif inside:
            kept.extend([] if token in {ROW, COLUMN, BREAK} else [token])
        elif token in {ROW, BREAK} or token.text in {",", "."}:
            kept.append(BREAK)
        elif token != COLUMN:
            kept.append(token)
    single = [token for last, token in zip([BREAK, *kept], kept, strict=False)
              if not last == token == BREAK]  # fmt: skip
    return [
        token
        for before, token, after in zip([END, *single], single, [*single[1:], END], strict=False)
        if token != BREAK or not (_goes_on(before) or _goes_on(after))
    ]


def _goes_on(token: Token) -> bool:
    return token.kind == "symbol" and token.text in GOES_ON
