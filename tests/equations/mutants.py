"""Change a printed formula in one place, as a slip of the pen would: no such formula may pass."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

WORDS = re.compile(r"\\(?:text|operatorname\*?|mathrm|begin|end)\{[^{}]*\}|_\{?\\text\{[^{}]*\}\}?")

SLIPS: dict[str, str] = {
    r"\+": "-",
    r"(?<!\{)-": "+",
    r"\\le(?![a-zA-Z])": "<",
    r"<": r"\\le ",
    r"\\ge(?![a-zA-Z])": ">",
    r"\\max": r"\\min",
    r"\\min": r"\\max",
    r"\\sin": r"\\cos",
    r"\\cos": r"\\sin",
    r"\\sqrt": "",
    r"\^(\\top(?![a-zA-Z])|\{-?\\top\})": "",
    r"\^2": "",
    r"d_k(?![\w^])": "d_k^2",
    r"\\tfrac(\d)(\w)": r"\\tfrac\2\1",
    r"\be\^": "3^",
    r"(?<=_\{)([a-zA-Z])(,?\\?,? ?)([a-zA-Z])(?=\})": r"\3\2\1",
    r"\\in(?![a-zA-Z])": r"\\notin",
    r"\\notin(?![a-zA-Z])": r"\\in",
    r"(?<![\d\\a-z])\d+": "7",
}
"""What is looked for, and what is written in its place."""

TAKEN_FOR = {"Q": "K", "K": "V", "V": "K", "q": "k", "k": "q", "v": "k"}
"""Letters that are written for one another, where both stand in the formula."""


def mutants(latex: str, indices: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each formula with one slip in it, under a name: ``+ → -``, its second ``+ → - (2)``."""
    kept = [match.span() for match in WORDS.finditer(latex)]
    met: Counter[str] = Counter()
    for pattern, new in [*SLIPS.items(), *_exchanges(latex, indices)]:
        for match in re.finditer(pattern, latex):
            written = match.expand(new)
            inside_words = any(a <= match.start() < b for a, b in kept)
            if inside_words or written.strip() == match[0].strip():
                continue
            name = f"{match[0]} → {written.strip()}"
            met[name] += 1
            changed = latex[: match.start()] + written + latex[match.end() :]
            yield (name if met[name] == 1 else f"{name} ({met[name]})"), changed
    yield from _upside_down(latex)


def _exchanges(latex: str, indices: Sequence[str]) -> Iterator[tuple[str, str]]:
    for letter, other in TAKEN_FOR.items():
        alone = r"(?<![a-zA-Z\\{}]){}(?![a-zA-Z])"
        before = "_" if letter.islower() else ""  # the k of d_k is no key
        if re.search(alone.format(before, other), latex):
            yield alone.format(before, letter), other
    letters = [each for each in indices if len(each) == 1]
    for letter, other in zip(letters, letters[1:] + letters[:1], strict=True):
        if letter != other:
            yield rf"(?<=_){letter}(?![a-zA-Z])", other


def _upside_down(latex: str) -> Iterator[tuple[str, str]]:
    """Yield the formula with each of its fractions turned over."""
    for number, match in enumerate(re.finditer(r"\\t?frac(?=\{)", latex), start=1):
        middle = _end(latex, match.end())
        end = _end(latex, middle)
        above, below = latex[match.end() : middle], latex[middle:end]
        yield f"fraction {number} turned over", latex[: match.end()] + below + above + latex[end:]


def _end(latex: str, start: int) -> int:
    """Return where the group that starts with a brace ends."""
    depth = 0
    for place in range(start, len(latex)):
        depth += (latex[place] == "{") - (latex[place] == "}")
        if depth == 0:
            return place + 1
    raise ValueError(f"a brace of {latex[start:]!r} is not closed")
