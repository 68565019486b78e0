"""One input, many tools: what each library of attention expects, found by asking it.

A `Tool` is called as its own users call it; `TOOLS` holds them all. `probe` finds out, from
outputs alone, the conventions of a tool: layout, scale, masks, causal flag, what comes back,
dropout, and the row that sees nothing. `ask` puts a question in the conventions of this book
to a tool, translated by what the probe found.

Each tool is imported when it is first called.

May import: every floor, language.
"""

from __future__ import annotations

from qkv_lib.rosetta.conventions import Conventions, ask
from qkv_lib.rosetta.probes import probe
from qkv_lib.rosetta.table import Table, table
from qkv_lib.rosetta.tool import Tool
from qkv_lib.rosetta.tools import TOOLS

__all__ = ["TOOLS", "Conventions", "Table", "Tool", "ask", "probe", "table"]
