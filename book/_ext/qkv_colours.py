r"""Sphinx extension: queries, keys and values have their colours, in words and in formulas.

The colours and the classes of words come from `qkv_lib.plots.colours`. In a formula `Q`, `K`, `V`,
`q_i`, `k_j`, `v_j`, `W_Q`, `W_K`, `W_V` get them while KaTeX draws it; the LaTeX of the notebooks
stays plain.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinxcontrib import katex

from qkv_lib.plots.colours import KEY, QUERY, VALUE
from qkv_lib.plots.scales import style_sheet

CLASSES = {"q": QUERY.name, "k": KEY.name, "v": VALUE.name}
TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|\s+|.", re.DOTALL)
# Their arguments are no formula: names, words, lengths.
VERBATIM = re.compile(
    r"\\(?:text\w*|operatorname\*?|math(?:rm|tt|sf|op|bb|cal)|begin|end|label|tag\*?|h?space\*?|"
    r"html\w+|color|textcolor|mbox)$"
)
BARE_ARGUMENT = re.compile(r"(\\(?:sqrt|[td]?frac))\s+([QKVqkv])\b")
ACCENT = re.compile(r"\\(?:hat|bar|tilde|widehat|widetilde|overline|vec|dot|mathbf|boldsymbol|bm)$")


def pieces(latex: str) -> list[str]:
    """Cut LaTeX into its tokens; what stands in braces is one of them.

    >>> pieces("W_{Q} x")
    ['W', '_', '{Q}', ' ', 'x']
    """
    cut: list[str] = []
    depth = 0
    for token in TOKEN.findall(latex):
        depth -= token == "}"
        if depth > 0 or (token == "}" and depth == 0):
            cut[-1] += token
        else:
            cut.append(token)
        depth += token == "{"
    return cut


def after_spaces(cut: list[str], place: int) -> int:
    """Return the first place from `place` on that holds no space."""
    while place < len(cut) and cut[place].isspace():
        place += 1
    return place


def scripts(cut: list[str], place: int) -> tuple[int, list[str]]:
    """Return where the scripts that begin at `place` end, and what they hold."""
    held = []
    while (mark := after_spaces(cut, place)) < len(cut) and cut[mark] in ("_", "^", "'"):
        if cut[mark] == "'":
            place = mark + 1
            continue
        what = after_spaces(cut, mark + 1)
        if what >= len(cut) or VERBATIM.match(cut[what]) or ACCENT.match(cut[what]):
            break
        held.append(cut[what].strip("{}"))
        place = what + 1
    return place, held


def kind(letter: str, held: list[str], *, bare: bool) -> str:
    """Return q, k or v where a letter with its scripts is one of them, else nothing.

    A `k` or `v` without script may count something: `bare` says whether they are meant.
    """
    if letter in ("Q", "K", "V", "q"):
        return letter.lower()
    if letter in ("k", "v") and (bare or held):
        return letter
    if letter == "W":
        named = {each for text in held for each in text if each.lower() in CLASSES}
        return named.pop().lower() if len(named) == 1 else ""
    return ""


def coloured(latex: str, *, bare: bool | None = None) -> str:
    """Return a formula with the classes of its queries, keys and values.

    >>> coloured("k = 1"), coloured("d_k")
    ('k = 1', 'd_k')
    """
    cut = pieces(latex)
    bare = "q" in letters(latex) if bare is None else bare
    written, place = [], 0
    while place < len(cut):
        token, end = cut[place], place + 1
        letter = token
        if VERBATIM.match(token):
            end = after_spaces(cut, end)
            end = end + 1 if end < len(cut) else end
            written.append("".join(cut[place:end]))
            place = end
            continue
        if ACCENT.match(token) and (end := after_spaces(cut, end)) < len(cut):
            letter, end = cut[end].strip("{}"), end + 1
        until, held = scripts(cut, end) if len(letter) == 1 else (end, [])
        if name := kind(letter, held, bare=bare):
            written.append(f"\\htmlClass{{{CLASSES[name]}}}{{{''.join(cut[place:until])}}}")
            place = until
            continue
        written += [deeper(each, bare) for each in cut[place:end]]
        if end < len(cut) and cut[end] == "_":  # a place or a count, never a query
            until = after_spaces(cut, end + 1)
            written += cut[end : until + 1]
            end = until + 1
        place = end
    return "".join(written)


def deeper(token: str, bare: bool) -> str:
    """Colour what stands in braces."""
    return f"{{{coloured(token[1:-1], bare=bare)}}}" if token.startswith("{") else token


def letters(latex: str) -> set[str]:
    """Return the letters of a formula, those of names and words left out."""
    plain = re.sub(r"\\(?:text\w*|operatorname\*?|mathrm|begin|end)\s*\{[^{}]*\}", " ", latex)
    return set(re.sub(r"\\[A-Za-z]+|_\w|_\{[^{}]*\}", " ", plain))


def formula(node: nodes.Element) -> str:
    """Return the LaTeX of a formula as it is drawn."""
    return coloured(BARE_ARGUMENT.sub(r"\1{\2}", node.astext()))


def write_colours(app: Sphinx) -> None:
    """Write the style sheet of the colours."""
    if app.builder.format == "html":
        target = Path(app.outdir) / "_static" / "colours.css"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(style_sheet(), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Colour each formula before KaTeX reads it."""
    katex.get_latex = formula
    # \htmlClass is an extension of KaTeX; the formulas are our own.
    katex.KATEX_DEFAULT_OPTIONS |= {"trust": True, "strict": "ignore"}
    app.connect("builder-inited", write_colours)
    app.add_css_file("colours.css", priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
