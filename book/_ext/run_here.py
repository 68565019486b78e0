"""Sphinx extension: cells that need no more than NumPy and matplotlib run in the page.

Under each code cell stands an empty bar, which `run.js` fills with buttons, or with where else to
run it. What the page loads at the first press is put into ``_static/run``: the pieces that
`workshop.in_page.assets` has fetched, the library, and for each page what its cells are.

Where a piece could not be had, the pages have no bars, and the log says so.
"""

import json
import shutil
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import array_api_compat
import nbformat
from docutils import nodes
from reader_notebooks import FOLDER
from sphinx.application import Sphinx
from sphinx.util import logging
from spoken import code, is_translated, name_of

from workshop.in_page import assets
from workshop.in_page.cells import before, cells
from workshop.in_page.marks import ROOT, marks

logger = logging.getLogger(__name__)

WORKER = Path(assets.__file__).with_name("worker.js")
KERNEL = Path(assets.__file__).with_name("kernel.py")
TOO_LARGE = 100_000  # bytes: the weights of trained models, which need torch
EPOCH = (2026, 1, 1, 0, 0, 0)


def try_cells(app: Sphinx, _: object, to_read: list[str]) -> None:
    """Find which cells a page can run; pages where that has changed are read anew."""
    old = getattr(app.env, "run_here", {})
    app.env.run_here = found_marks(app)
    for name in sorted(app.env.found_docs):
        stem = Path(app.env.doc2path(name)).stem
        if old.get(stem) != app.env.run_here.get(stem) and name not in to_read:
            to_read.append(name)


def found_marks(app: Sphinx) -> dict[str, dict[str, str]]:
    """Return the marks of all notebooks of the book, none without the pieces."""
    if not assets.is_complete():
        logger.info(
            "run_here: pages have no Run button; `python -m workshop.in_page.assets` says why"
        )
        return {}
    paths = [Path(app.env.doc2path(name)) for name in app.env.found_docs]
    notebooks = sorted(path for path in paths if path.suffix == ".ipynb")
    return marks(notebooks)


def add_bars(app: Sphinx, doctree: nodes.document) -> None:
    """Put an empty bar under the code of each cell."""
    source = Path(app.env.doc2path(app.env.docname))
    found = app.env.run_here.get(source.stem)
    if source.suffix != ".ipynb" or not found:
        return
    every = {each.id: each for each in cells(source)}
    ids = [each["id"] for each in json.loads(source.read_text(encoding="utf-8"))["cells"]]
    for node in doctree.findall(lambda node: "cell_index" in getattr(node, "attributes", {})):
        cell = every.get(ids[node["cell_index"]])
        code = next((x for x in node.children if "cell_input" in x.get("classes", [])), None)
        if cell is None or code is None:
            continue
        data = f'data-cell="{cell.id}" data-needs="{found[cell.id]}"'
        bar = f'<div class="run-bar" {data}{" data-yours" if cell.yours else ""}></div>'
        node.insert(node.index(code) + 1, nodes.raw("", bar, format="html"))


def write_pieces(app: Sphinx, error: Exception | None) -> None:
    """Put what pages load into the built site."""
    if error or app.builder.format != "html" or not app.env.run_here:
        return
    target = Path(app.outdir) / "_static" / "run"
    (target / "pieces").mkdir(parents=True, exist_ok=True)
    (target / "pages").mkdir(exist_ok=True)
    steps = assets.steps()
    for name in (each for names in steps.values() for each in names):
        shutil.copy(assets.FOLDER / f"{name}.js", target / "pieces")
    shutil.copytree(assets.FOLDER / "licences", target / "licences", dirs_exist_ok=True)
    library = assets.packed("library.zip", library_zip())
    (target / "pieces" / "library.zip.js").write_text(library, encoding="ascii")
    steps["numpy"].append("library.zip")
    worker = WORKER.read_text(encoding="utf-8")
    handed = f"qkvRun.take('worker.js', {json.dumps(worker)});\n"
    (target / "worker.js").write_text(handed, encoding="utf-8")
    sizes = {
        step: [(name, (target / "pieces" / f"{name}.js").stat().st_size) for name in names]
        for step, names in steps.items()
    }
    for name in app.env.found_docs:
        source = Path(app.env.doc2path(name))
        if source.suffix == ".ipynb":
            told = page(source, app.env.run_here[source.stem], sizes, name_of(name))
            copy = Path(app.outdir) / FOLDER / f"{source.stem}.ipynb"
            told["notebook"] = without_outputs(copy if is_translated() else source)
            content = json.dumps(told)
            short = name.replace("/", "-")
            script = target / "pages" / f"{short}.js"
            script.write_text(f"qkvRun.page({short!r}, {content});\n", encoding="utf-8")


def page(
    notebook: Path, found: dict[str, str], sizes: dict[str, Any], name: str = ""
) -> dict[str, Any]:
    """Return what a page is told of its cells."""
    every = cells(notebook)
    told = {
        each.id: {
            "source": code(name, each.source),
            "needs": found[each.id],
            "yours": each.yours,
            "before": list(before(every, each).items()),
        }
        for each in every
    }
    return {"cells": told, "steps": sizes}


def without_outputs(notebook: Path) -> nbformat.NotebookNode:
    """Return the notebook that a page hands out, without what it shows."""
    plain = nbformat.read(notebook, as_version=4)
    for cell in plain.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return plain


def library_zip() -> bytes:
    """Return the library, what it needs and what cells read; the same bytes each time."""
    packages = {"lib/qkv_lib": ROOT / "qkv_lib"}
    packages["lib/array_api_compat"] = Path(array_api_compat.__file__).parent
    files = {"kernel.py": KERNEL}
    for place, folder in packages.items():
        for path in sorted(folder.rglob("*")):
            small = path.is_file() and path.stat().st_size < TOO_LARGE
            if small and "__pycache__" not in path.parts:
                files[f"{place}/{path.relative_to(folder).as_posix()}"] = path
    written = BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for name, path in files.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), path.read_bytes())
    return written.getvalue()


def setup(app: Sphinx) -> dict[str, Any]:
    """Try the cells before pages are read, and write the pieces at the end."""
    app.connect("env-before-read-docs", try_cells)
    app.connect("doctree-read", add_bars)
    app.connect("build-finished", write_pieces)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
