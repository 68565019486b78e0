"""What a verdict says belongs to the mistake that it names.

The name of a mistake and its texts share a word, or `advice.toml` names one that its texts must
have: a text under another mistake's name is found.
"""

import re
import tomllib
from collections import defaultdict
from pathlib import Path

from qkv_lib.practice.exercises import EXERCISES

RECORD = Path(__file__).parent / "advice.toml"


def stems(text: str) -> set[str]:
    """Return the words of a text, cut so that forms of one word agree."""
    return {word[:4] for word in re.findall(r"[a-z]{3,}", text.lower())}


def texts() -> dict[str, set[tuple[str, str]]]:
    """Return mistake → what is said about it and where to look, over all exercises."""
    found = defaultdict(set)
    for exercise in EXERCISES.values():
        for mistake in exercise.mistakes:
            found[mistake.name].add((mistake.says, mistake.look))
    return found


def fits(name: str, says: str, look: str, record: dict[str, list[str]]) -> bool:
    """Tell whether two texts are about the mistake of this name."""
    words = record.get(name)
    if words is None:
        return bool(stems(name.replace("-", " ")) & stems(f"{says} {look}"))
    return any(word in says for word in words)


def record() -> dict[str, list[str]]:
    """Return the words of the mistakes whose names share none with their texts."""
    return tomllib.loads(RECORD.read_text(encoding="utf-8"))
