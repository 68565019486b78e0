"""Sphinx extension: a name in single backticks leads to what it names, wherever that stands.

Sphinx looks for a short name in the module of the docstring only; this looks in the whole
library. A name of another library, which has no page here, looks like any other code.
"""

from collections.abc import Iterable
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

LIBRARY = "qkv_lib."
logger = logging.getLogger(__name__)


def full_name(short: str, names: Iterable[str]) -> str | None:
    """Return the name that ends in `short`, where there is one and no other.

    The library's own name in front is left aside: it passes on what its modules define.

    >>> full_name("qkv_lib.softmax", ["qkv_lib.formula.steps.softmax", "qkv_lib.plots.heat"])
    'qkv_lib.formula.steps.softmax'
    """
    found = [name for name in names if f".{name}".endswith(f".{short.removeprefix(LIBRARY)}")]
    return found[0] if len(found) == 1 else None


def resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.Element
) -> nodes.Element | None:
    """Return the link that Sphinx did not find; where there is none, the name as plain code."""
    if (node.get("refdomain"), node.get("reftype")) != ("py", "obj"):
        return None
    objects = env.domains["py"].data["objects"]
    # A module bears the name of its most important function, which is what is meant.
    things = [name for name, each in objects.items() if each.objtype != "module"]
    name = full_name(node["reftarget"], things)
    if name is None:
        if node["reftarget"].startswith(LIBRARY):
            logger.warning("the library has no %s", node["reftarget"], location=node)
        return nodes.literal("", content.astext())
    page, anchor = objects[name].docname, objects[name].node_id
    return make_refnode(app.builder, node["refdoc"], page, anchor, content, name)


def setup(app: Sphinx) -> dict[str, Any]:
    """Help where Sphinx finds nothing."""
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
