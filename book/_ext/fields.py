"""Sphinx extension: fields of named tuples are told by the class's own list of attributes, alone.

Python gives each field a docstring of its own ("Alias for field number 0"), and autodoc an entry.
"""

from typing import Any

from sphinx.application import Sphinx


def skip_alias(
    _app: Sphinx, _what: str, _name: str, member: Any, _skip: bool, _options: Any
) -> bool | None:
    """Skip a member that says no more than that it is a field; leave any other to autodoc."""
    is_alias = (getattr(member, "__doc__", None) or "").startswith("Alias for field number")
    return True if is_alias else None


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at each member before its entry is written."""
    app.connect("autodoc-skip-member", skip_alias)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
