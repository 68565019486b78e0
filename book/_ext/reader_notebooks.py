"""Sphinx extension: each notebook of the book once more, for whoever reads it as a notebook.

When a page is written, its notebook is written too, into the folder `notebooks` of the site, in
plain Markdown with the page's numbers, citations and links (`workshop/copies`), in the language of
the page. A page's download button gives this file.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.osutil import relative_uri
from spoken import code, is_translated, label, name_of, say, tables

from qkv_lib.plots.labels import translated
from workshop.addresses import CHINESE_PAGES, published
from workshop.chinese.catalogue import LANGUAGE
from workshop.chinese.verdicts import in_chinese as verdicts
from workshop.copies.cells import Edition, reader_notebook
from workshop.copies.index import index_notebook
from workshop.copies.links import INDEX, Links, works
from workshop.copies.markdown import UnreadableError
from workshop.copies.writer import Writer

logger = logging.getLogger(__name__)

FOLDER = "notebooks"


def sources(env: BuildEnvironment) -> dict[str, Path]:
    """Return the pages that are notebooks."""
    paths = {page: Path(env.doc2path(page)) for page in env.found_docs}
    return {page: path for page, path in paths.items() if path.suffix == ".ipynb"}


def places(env: BuildEnvironment) -> dict[str, Mapping[str, str]]:
    """Return what a link may name in each page that has a notebook (`book/_ext/cells.py`)."""
    found = {}
    for page in [*sources(env), INDEX]:
        known = env.metadata[page].get("myst_slugs", {})
        found[page] = {place: words for place, (_, _, words) in known.items()}
    return found


def writer(app: Sphinx, page: str) -> Writer:
    """Return the writer of one page, with its links and its numbers."""
    env = app.env
    kinds = env.toc_fignumbers.get(page, {}).values()
    numbers = {name: number for kind in kinds for name, number in kind.items()}
    links = Links(
        page,
        places=places(env),
        works=works(env.domaindata["cite"]["citations"]),
        site=site(app),
    )
    return Writer(links, lambda name: ".".join(map(str, numbers[name])), say)


def site(app: Sphinx) -> str:
    """Return where the pages of this language are published; nothing where that is not known."""
    home = published(app.config.course_repository)
    return f"{home}{CHINESE_PAGES}" if home and is_translated() else home


def edition(page: str) -> Edition | None:
    """Return what makes the notebook of a page one in the language of the build."""
    if not is_translated():
        return None
    name = name_of(page)
    picture = partial(translated, translate=label)
    return Edition(LANGUAGE, partial(code, name), picture, tables, verdicts)


def write(app: Sphinx, page: str, _template: str, context: dict[str, Any], tree: Any) -> None:
    """Write the notebook of a page, and lead its download button there."""
    if not isinstance(tree, nodes.document):
        return
    source = sources(app.env).get(page)
    try:
        if page == INDEX:
            made = index_notebook(tree, writer(app, page), edition(page))
        elif source is not None:
            notebook = nbformat.read(source, as_version=4)
            repository = app.config.course_repository
            made = reader_notebook(notebook, tree, writer(app, page), repository, edition(page))
        else:
            return
    except UnreadableError as error:
        logger.warning("no notebook for readers: %s", error, location=page)
        return
    name = f"{FOLDER}/{PurePosixPath(page).name}.ipynb"
    target = Path(app.outdir) / name
    target.parent.mkdir(exist_ok=True)
    target.write_text(nbformat.writes(made) + "\n", encoding="utf-8")
    lead_download(context, relative_uri(app.builder.get_target_uri(page), name))


def lead_download(context: dict[str, Any], address: str) -> None:
    """Let the button that offers the source of a notebook offer the reader's one."""
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []):
            if str(button.get("url", "")).endswith(".ipynb") and "_sources" in button["url"]:
                button["url"] = address


def setup(app: Sphinx) -> dict[str, Any]:
    """Write after the theme has made its buttons."""
    app.connect("html-page-context", write, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
