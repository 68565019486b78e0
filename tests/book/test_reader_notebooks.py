"""The readers' notebooks say what the pages say, in words that every viewer understands.

Reads `_build/html`, which `make book` writes, both editions of it.
"""

import os
import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import launch
import nbformat
import pytest
from bs4 import BeautifulSoup, SoupStrainer
from markdown_it import MarkdownIt
from nbclient import NotebookClient
from nbconvert import HTMLExporter, PythonExporter, SlidesExporter
from nbformat import NotebookNode

from tests.book.notebook_checks import code_cells
from workshop.addresses import published
from workshop.copies.links import heading_id
from workshop.notebooks import METADATA
from workshop.pages import ROOT, directive, listed_pages, tokens

SITE = ROOT / "_build" / "html"
EDITIONS = pytest.mark.parametrize("site", [SITE, SITE / "zh"], ids=["en", "zh"])
SOURCES = {page.stem: page for page in listed_pages() if page.suffix == ".ipynb"}
CHAPTERS = pytest.mark.parametrize("name", SOURCES)
EVERY = pytest.mark.parametrize("name", [*SOURCES, "index"])

ADDED = ("-caption", "-name", "-alone")  # ends of the ids of cells that were added
MYST = {"myst_role", "myst_target", "myst_block_break", "math_block_label", "colon_fence"}
FORMULA = re.compile(r"(?<!\\)(\$\$.*?\$\$|\$[^$]*\$)", re.DOTALL)
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")


@cache
def copy_of(site: Path, name: str) -> NotebookNode:
    """Return a reader's notebook of an edition."""
    path = site / "notebooks" / f"{name}.ipynb"
    assert path.is_file(), f"{path.relative_to(ROOT)} is missing: run `make book` first"
    return nbformat.read(path, as_version=4)


def texts(notebook: NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def html(text: str) -> BeautifulSoup:
    """Return Markdown as a viewer without MyST shows it, a sign in the place of each formula."""
    return BeautifulSoup(MARKDOWN.render(FORMULA.sub("⨯", text)), "html.parser")


class Page(NamedTuple):
    """What a page of the site says."""

    words: str
    numbers: list[str]
    captions: list[str]


@cache
def page(site: Path, name: str) -> Page:
    """Read a page of an edition, once: its formulas make it large."""
    text = (site / "book" / f"{name}.html").read_text("utf-8")
    text = re.sub(r"<(svg|script|math)\b.*?</\1>", "", text, flags=re.DOTALL)
    article = BeautifulSoup(text, "html.parser", parse_only=SoupStrainer("article"))
    for formula in article.select(".math"):
        for number in formula.select(".eqno"):
            formula.insert_before(number)
        formula.replace_with("⨯")
    aside = ".glossary-meaning, .headerlink, .toctree-wrapper, .prev-next-footer, .edition-note"
    for each in article.select(aside):
        each.decompose()
    captions = [words(each.get_text()) for each in article.select("figcaption")]
    numbers = [each.extract().get_text().strip("()\n ") for each in article.select(".eqno")]
    for cell in article.select(".cell"):
        cell.decompose()
    return Page(words(article.get_text()), numbers, captions)


def words(text: str) -> str:
    return "".join(text.split())


def raw(text: str) -> list[str]:
    """Return what only MyST understands in a text."""
    found = [t.type for t in tokens(text) if t.type in MYST or directive(t)]
    prose = re.sub(r"`[^`]*`", "", FORMULA.sub("", text))
    return found + re.findall(r"\{[\w:.-]+\}|:::|^\(?[\w-]+\)=", prose, re.MULTILINE)


@EDITIONS
@EVERY
def test_nothing_is_left_that_only_myst_understands(site: Path, name: str) -> None:
    assert [found for text in texts(copy_of(site, name)) for found in raw(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "As in {eq}`eq-a`.", "{cite:p}`luong2015`", "$$\na\n$$ (eq-a)", ":::{note} A\n:::",
        "(faq-root)=\n## Why?", "```{note}\nx\n```", "a {cite:t} b", "::: \nx",
    ],
)  # fmt: skip
def test_what_only_myst_understands_is_found(text: str) -> None:
    assert raw(text) != []


@CHAPTERS
def test_the_code_is_that_of_the_source_to_the_byte(name: str) -> None:
    source = nbformat.read(SOURCES[name], as_version=4)
    ours, theirs = code_cells(copy_of(SITE, name)), code_cells(source)
    assert [(c.id, c.source, c.outputs) for c in ours] == [
        (c.id, c.source, c.outputs) for c in theirs
    ]
    assert [cell.id for cell in copy_of(SITE, name).cells if not cell.id.endswith(ADDED)] == [
        cell.id for cell in source.cells
    ]
    assert copy_of(SITE, name).metadata == METADATA


@EDITIONS
@CHAPTERS
def test_it_says_what_the_page_says_letter_by_letter(site: Path, name: str) -> None:
    read = [
        html(cell.source).get_text()
        for cell in copy_of(site, name).cells
        if cell.cell_type == "markdown" and not cell.id.endswith(ADDED)
    ]
    assert words("".join(read)) == page(site, name).words


@EDITIONS
@CHAPTERS
def test_equations_and_figures_have_the_numbers_and_words_of_the_page(
    site: Path, name: str
) -> None:
    text = "\n".join(texts(copy_of(site, name)))
    assert re.findall(r"\\tag\{([\d.]+)\}", text) == page(site, name).numbers
    captions = [cell.source for cell in copy_of(site, name).cells if cell.id.endswith("-caption")]
    read = [words(html(each.partition("\n\n")[0]).get_text()) for each in captions]
    assert read == page(site, name).captions
    assert all("<p>" in each for each in captions)  # what is seen, for who cannot see it


# Links.


def places(notebook: NotebookNode) -> set[str]:
    """Return what an address may name in a notebook."""
    named = {f"cell-id={cell.id}" for cell in code_cells(notebook)}
    for text in texts(notebook):
        named |= set(re.findall(r'<a id="([^"]+)"></a>', text))
        for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
            plain = re.sub(r"[*`$]", "", heading)
            named.add(heading_id(re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", plain)))
    return named


def addresses(notebook: NotebookNode) -> Iterator[str]:
    for text in texts(notebook):
        yield from (unquote(str(each["href"])) for each in html(text).select("a[href]"))


@EDITIONS
@EVERY
def test_every_link_leads_somewhere(site: Path, name: str) -> None:
    lost = []
    for address in addresses(copy_of(site, name)):
        if address.startswith("https://"):
            continue  # `links.yml` looks after these
        file, _, place = address.partition("#")
        target = file.removesuffix(".ipynb") or name
        known = target in {*SOURCES, "index"} and file.endswith((".ipynb", ""))
        if not known or (place and place not in places(copy_of(site, target))):
            lost.append(address)
    assert lost == []


def test_there_are_links_of_every_kind() -> None:
    found = " ".join(address for name in SOURCES for address in addresses(copy_of(SITE, name)))
    for kind in ("https://doi.org/", " #eq-", " #fig-", ".ipynb#cell-id=", ".ipynb#A-soft-lookup"):
        assert kind in found, kind


def test_pages_without_a_notebook_are_found_on_the_site_of_this_repository_or_not_at_all() -> None:
    site = published(launch.repository(os.environ, launch.origin(ROOT)) or "")
    found = {address for name in SOURCES for address in addresses(copy_of(SITE, name))}
    outside = {each for each in found if "/book/" in each}
    assert {each for each in outside if not (site and each.startswith(site))} == set()
    assert bool(outside) == bool(site)


# What is closed, and what is open.


@CHAPTERS
def test_what_the_page_folds_is_closed_and_exercises_are_open(name: str) -> None:
    folded = {"hide-cell": (True, True), "hide-input": (True, False),
              "remove-input": (True, False), "hide-output": (False, True)}  # fmt: skip
    for cell in code_cells(copy_of(SITE, name)):
        found = [folded[t] for t in cell.metadata.get("tags", []) if t in folded]
        wanted = tuple(map(any, zip(*found, strict=True))) or None
        state: Any = cell.metadata.get("jupyter")
        assert (state and (state.source_hidden, state.outputs_hidden)) == wanted, cell.id


def test_each_solution_is_closed_under_its_name() -> None:
    cells = [cell for name in SOURCES for cell in copy_of(SITE, name).cells]
    solved = [(before, cell) for before, cell in pairwise(cells)
              if "_solution)" in cell.source and cell.cell_type == "code"]  # fmt: skip
    assert len(solved) >= 50
    assert {before.source for before, _ in solved} == {"*Solution*"}
    assert all(cell.metadata.jupyter.source_hidden for _, cell in solved)


# Elsewhere.


def test_the_notebook_that_greets_has_the_map() -> None:
    text = "\n".join(texts(copy_of(SITE, "index")))
    for name in SOURCES:
        assert f"]({name}.ipynb)" in text, name


@pytest.mark.parametrize("exporter", [PythonExporter, HTMLExporter, SlidesExporter])
@pytest.mark.parametrize("name", ["03-algorithm"])
def test_it_can_be_converted(name: str, exporter: type) -> None:
    body, _ = exporter().from_notebook_node(copy_of(SITE, name))
    assert len(body) > 10_000


@pytest.mark.parametrize("name", SOURCES)
def test_as_a_script_it_is_python(name: str) -> None:
    body, _ = PythonExporter().from_notebook_node(copy_of(SITE, name))
    compile(body, f"{name}.py", "exec")


# Run.


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[NotebookClient]:
    """Start a kernel, which knows no name yet, in an empty folder for cells of one notebook."""
    notebook = deepcopy(copy_of(SITE, "path"))
    here = {"metadata": {"path": str(tmp_path)}}
    client = NotebookClient(
        notebook, kernel_name="python3", timeout=300, allow_errors=True, resources=here
    )
    with client.setup_kernel():
        yield client


def printed(kernel: NotebookClient, order: Iterable[int]) -> dict[str, list[str]]:
    """Run cells in an order, and return what each prints and how each fails."""
    told: dict[str, list[str]] = {}
    for index in order:
        cell = kernel.nb.cells[index]
        if cell.cell_type == "code":
            kernel.execute_cell(cell, index)
            told[cell.id] = said_by(cell)
    return told


def said_by(cell: NotebookNode) -> list[str]:
    """Return what a cell prints, whole however many pieces it came in, and how it fails."""
    text = "".join(each.text for each in cell.outputs if each.output_type == "stream")
    failed = [f"{each.ename}: {each.evalue}" for each in cell.outputs
              if each.output_type == "error"]  # fmt: skip
    return [text, *failed] if text else failed


def test_out_of_order_it_says_what_is_missing(kernel: NotebookClient) -> None:
    backwards = printed(kernel, reversed(range(len(kernel.nb.cells))))
    failed = [each[-1] for each in backwards.values() if each and "Error: " in each[-1]]
    clear = re.compile(r"NameError: name '\w+' is not defined")
    assert len(failed) > 5
    assert [each for each in failed if not clear.fullmatch(each)] == []


def test_it_runs_in_an_empty_folder_twice(kernel: NotebookClient) -> None:
    stored = {cell.id: said_by(cell) for cell in code_cells(copy_of(SITE, "path"))}
    for _ in range(2):
        assert printed(kernel, range(len(kernel.nb.cells))) == stored
    folder = Path(kernel.resources["metadata"]["path"])
    assert list(folder.iterdir()) == []
