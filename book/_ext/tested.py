"""Sphinx extension: the directive ``{tested}``, a table of what the tests prove.

The tables are read off the tests while the book is built (`workshop.what_is_tested`), so
that what they say is what the tests do.
"""

import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]


class Tested(SphinxDirective):
    """``{tested} equations`` puts the table of that name in its place."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table, and have the page read anew when a test or a notebook changes."""
        if str(ROOT) not in sys.path:
            sys.path.insert(0, str(ROOT))
        from workshop.what_is_tested import TABLES

        for source in [*ROOT.glob("tests/**/*.py"), *ROOT.glob("book/*.ipynb")]:
            self.env.note_dependency(str(source))
        holder = nodes.Element()
        lines = TABLES[self.arguments[0]]().splitlines()
        self.state.nested_parse(StringList(lines, self.env.docname), 0, holder, match_titles=True)
        return holder.children


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("tested", Tested)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
