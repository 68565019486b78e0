"""Read an nbval sanitize file twice: as nbval does, and as a person does.

nbval passes over a section that it cannot read (`replace:` needs a space after the
colon) without a word, and the rule is then not applied.
"""

import re

from nbval.plugin import get_sanitize_patterns


def lost_rules(text: str) -> int:
    """Return how many of the rules written in a sanitize file nbval does not see."""
    written = re.findall(r"^\s*regex\s*:", text, re.MULTILINE)
    return len(written) - len(dict(get_sanitize_patterns(text)))
