"""What a notebook of the book must be: one function a rule, each returns the faults it found."""

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

from bs4 import BeautifulSoup
from nbformat import NotebookNode

from workshop import measured
from workshop.notebooks import METADATA
from workshop.pages import ROOT, directive, directive_body, tokens

Check = Callable[[NotebookNode], list[str]]

LONGEST_CELL = 30
WIDEST_LINE = 88  # characters that a page of 1280 pixels shows without scrolling
SHORTEST_ALT = 40
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef]+")
CHINESE_OUTPUT = "zh-output"  # the tag of a cell whose plain output is Chinese on purpose
IGNORED = {"nbval-ignore-output", "NBVAL_IGNORE_OUTPUT"}
WIDGET = "application/vnd.jupyter.widget-view+json"
PATHS = re.compile(
    r"(?<![\w.:/])/(?:home|Users|root|tmp|var|opt|usr|mnt|private)/"
    r"|\b[A-Za-z]:\\{1,2}(?:Users|Windows|Program|Temp)"
    r"|site-packages|"
    + "|".join(re.escape(str(path)) + r"\b" for path in (ROOT, Path.home(), Path(sys.prefix)))
)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the cells that hold code."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def markdown_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the cells that hold Markdown."""
    return [cell for cell in notebook.cells if cell.cell_type == "markdown"]


def tags(cell: NotebookNode) -> list[str]:
    """Return the tags of a cell."""
    return cell.metadata.get("tags", [])


def texts(output: NotebookNode) -> Iterator[tuple[str, str]]:
    """Yield the kind and the content of each textual part of an output."""
    if output.output_type == "stream":
        yield output.name, output.text
    elif output.output_type == "error":
        yield "error", "\n".join([output.ename, output.evalue, *output.traceback])
    else:
        for kind, content in output.data.items():
            if isinstance(content, str) and not kind.startswith("image/"):
                yield kind, content


def executed_in_order(notebook: NotebookNode) -> list[str]:
    """Every code cell was run, from top to bottom, in a fresh kernel."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    expected = list(range(1, len(counts) + 1))
    return [] if counts == expected else [f"execution counts are {counts}, not 1 to {len(counts)}"]


def clean_outputs(notebook: NotebookNode) -> list[str]:
    """No cell ends in an error, except on purpose, or writes to stderr."""
    faults = []
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "error" and "raises-exception" not in tags(cell):
                faults.append(f"{cell.id}: error output {output.ename}")
            if output.output_type == "stream" and output.name == "stderr":
                faults.append(f"{cell.id}: writes to stderr")
    return faults


def no_absolute_paths(notebook: NotebookNode) -> list[str]:
    """Nothing names a place on the machine where the notebook was made."""
    faults = []
    for cell in notebook.cells:
        outputs = [text for output in cell.get("outputs", []) for _, text in texts(output)]
        for text in [cell.source, *outputs]:
            faults += [f"{cell.id}: names {found}" for found in PATHS.findall(text)]
    return faults


def figures_are_described(notebook: NotebookNode) -> list[str]:
    """Each figure stands alone in its cell, with name, caption and an alt text of its own."""
    faults = []
    for cell in code_cells(notebook):
        if any(is_figure(output) for output in cell.outputs):
            alt, figure = figure_texts(cell)
            faults += [f"{cell.id}: {fault}" for fault in _figure_faults(cell, alt, figure)]
    return faults


def is_figure(output: NotebookNode) -> bool:
    """Tell whether an output is a picture."""
    return any(kind.startswith("image/") for kind in output.get("data", {}))


def pictures_follow_the_page(notebook: NotebookNode) -> list[str]:
    """Each picture is SVG of the library, and each colour in it has a name that a theme can set."""
    faults = []
    for cell in code_cells(notebook):
        for output in cell.outputs:
            svg = output.get("data", {}).get("image/svg+xml")
            if svg is not None:
                faults += [f"{cell.id}: {fault}" for fault in _colour_faults(svg)]
    return faults


def _colour_faults(svg: str) -> Iterator[str]:
    if 'class="qkv-picture' not in svg:
        yield "a picture that qkv_lib did not make"
    body = svg[svg.find("qkv-paper") :]
    body = re.sub(r'"data:[^"]*"|var\([^)]*\)|fill="#ffffff"', "", body)
    for colour in sorted(set(re.findall(r"#[0-9a-f]{6}\b", body))):
        yield f"the colour {colour} has no name in qkv_lib.plots.colours, and no shade in the dark"


def figure_texts(cell: NotebookNode) -> tuple[str, dict[str, Any]]:
    """Return the alt text of a cell's figure, and its caption and name."""
    described = cell.metadata.get("mystnb", {})
    return described.get("image", {}).get("alt", ""), described.get("figure", {})


def _figure_faults(cell: NotebookNode, alt: str, figure: dict[str, Any]) -> Iterator[str]:
    if len(cell.outputs) > 1:
        yield "a figure beside other output"
    if not figure.get("caption"):
        yield "figure without caption"
    if not figure.get("name", "").startswith("fig-"):
        yield "figure without a name that starts with fig-"
    if len(alt) < SHORTEST_ALT:
        yield f"alt text too short to say what is seen: {alt!r}"
    if re.search(r"\.(png|svg|jpe?g)\b", alt):
        yield f"alt text is a file name: {alt!r}"
    if alt and alt == figure.get("caption"):
        yield "alt text repeats the caption"


def figure_names(notebook: NotebookNode) -> list[str]:
    """Return the names of the figures, for a comparison across the book."""
    cells = [cell for cell in code_cells(notebook) if any(map(is_figure, cell.outputs))]
    return [name for cell in cells if (name := figure_texts(cell)[1].get("name"))]


def cells_fit_a_screen(notebook: NotebookNode) -> list[str]:
    """No code cell is longer than a screen."""
    lengths = {cell.id: len(cell.source.splitlines()) for cell in code_cells(notebook)}
    return [f"{cell}: {n} lines" for cell, n in lengths.items() if n > LONGEST_CELL]


def lines_fit_the_page(notebook: NotebookNode) -> list[str]:
    """No line of code or of printed output runs out of its box on a desktop screen."""
    plain = [
        (cell.id, text)
        for cell in code_cells(notebook)
        for text in (cell.source, *(each.text for each in cell.outputs if "text" in each))
    ]
    lines = [(cell, columns(line)) for cell, text in plain for line in text.splitlines()]
    return [f"{cell}: a line of {n} characters" for cell, n in lines if n > WIDEST_LINE]


def columns(line: str) -> int:
    """Return how many characters wide a line is; a Chinese character is two wide."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in line)


def references_have_one_pair_of_parentheses(notebook: NotebookNode) -> list[str]:
    """A reference to an equation is printed in parentheses and needs no others."""
    return [f"{cell.id}: (({{eq}}))" for cell in markdown_cells(notebook) if "({eq}" in cell.source]


def results_are_assigned(notebook: NotebookNode) -> list[str]:
    """No cell ends in a semicolon to hide its value: nbval runs cells in a way that shows it."""
    ending = [cell.id for cell in code_cells(notebook) if cell.source.rstrip().endswith(";")]
    return [f"{cell}: ends in a semicolon; assign the value instead" for cell in ending]


def ignored_outputs_are_asserted(notebook: NotebookNode) -> list[str]:
    """A cell whose output nobody compares must prove something itself."""
    ignored = [cell for cell in code_cells(notebook) if IGNORED & set(tags(cell))]
    return [
        f"{cell.id}: its output is not compared, and it asserts nothing"
        for cell in ignored
        if not re.search(r"^\s*assert ", cell.source, re.MULTILINE)
    ]


def tolerances_mean_something(notebook: NotebookNode) -> list[str]:
    """A tolerance stands at measured numbers, and is at most a quarter of most of them."""
    cells = code_cells(notebook)
    return [f"{cell.id}: {fault}" for cell in cells for fault in measured.faults(cell)]


def headings_in_order(notebook: NotebookNode) -> list[str]:
    """One title, at the top, and no level left out."""
    parsed = [token for cell in markdown_cells(notebook) for token in tokens(cell.source)]
    levels = [int(token.tag[1]) for token in parsed if token.type == "heading_open"]
    faults = []
    if levels[:1] != [1] or not parsed or parsed[0].type != "heading_open":
        faults.append("the first cell does not open with the title")
    if levels.count(1) > 1:
        faults.append(f"{levels.count(1)} titles")
    for above, below in pairwise(levels):
        if below > above + 1:
            faults.append(f"a heading of level {below} follows one of level {above}")
    return faults


def chinese_is_marked(notebook: NotebookNode) -> list[str]:
    """Chinese text stands in an element with lang="zh", so that it is read and drawn as Chinese."""
    faults = []
    for cell in notebook.cells:
        alt, figure = figure_texts(cell)
        markdown = cell.source if cell.cell_type == "markdown" else figure.get("caption", "")
        marked = [html_of(markdown)]
        plain = []
        for output in cell.get("outputs", []):
            for kind, text in texts(output):
                (marked if kind == "text/html" else plain).append(text)
        found = [each for text in marked for each in unmarked_chinese(text)]
        if CHINESE_OUTPUT not in tags(cell):
            found += [each for text in plain for each in CHINESE.findall(text)]
        faults += [f"{cell.id}: {each} without lang" for each in found]
        faults += [f"{cell.id}: {each} in an alt text" for each in CHINESE.findall(alt)]
    return faults


def html_of(markdown: str) -> str:
    """Return what of a MyST text may hold HTML, as HTML; code stands there as plain text."""
    parts = []
    for token in tokens(markdown):
        if token.type in {"inline", "html_block"}:
            parts.append(f"<div>{token.content}</div>")
        elif directive(token):
            parts.append(f"<div>{token.info}</div>")
        elif token.type in {"fence", "code_block"}:
            parts.append(escape(token.content))
    return "\n".join(parts)


def unmarked_chinese(html: str) -> list[str]:
    """Return the Chinese passages of HTML outside of any element with lang="zh"."""
    soup = BeautifulSoup(html, "html.parser")
    for element in soup.select('[lang|="zh"]'):
        element.decompose()
    return CHINESE.findall(soup.get_text() + " ".join(attribute_texts(soup)))


def attribute_texts(soup: BeautifulSoup) -> list[str]:
    """Return the attribute values of all elements, but for the data of a live figure.

    Its script writes the text of the figure, and marks what is Chinese.
    """
    return [
        str(value)
        for element in soup.find_all(True)
        for name, value in element.attrs.items()
        if name != "data-explorer"
    ]


def quiz_is_complete(notebook: NotebookNode) -> list[str]:
    """Each question has three options or more, one right, and feedback on every one."""
    faults = []
    for number, options in enumerate(quiz(notebook), start=1):
        verdicts = Counter(verdict for verdict, _, _ in options)
        if len(options) < 3:
            faults.append(f"Question {number}: {len(options)} options")
        if verdicts["right"] != 1:
            faults.append(f"Question {number}: {verdicts['right']} options are right")
        if any(len(feedback.split()) < 3 for _, _, feedback in options):
            faults.append(f"Question {number}: an option without feedback")
    return faults


def options_are_plain(notebook: NotebookNode) -> list[str]:
    """The reader's notebooks write an option as HTML, where no formula is set."""
    offers = [offer for options in quiz(notebook) for _, offer, _ in options]
    return [f"a formula in an option: {offer}" for offer in offers if "$" in offer]


def quiz(notebook: NotebookNode) -> list[list[tuple[str, str, str]]]:
    """Return each question's options: right or wrong, what it offers, the feedback."""
    questions: list[list[tuple[str, str, str]]] = []
    for token in (token for cell in markdown_cells(notebook) for token in tokens(cell.source)):
        name = directive(token)
        if name == "question":
            questions.append([])
        elif name in ("right", "wrong"):
            offer = token.info.partition("}")[2].strip()
            questions[-1].append((name, offer, directive_body(token)))
    return questions


def no_widget_state(notebook: NotebookNode) -> list[str]:
    """No output needs a running kernel."""
    faults = ["widget state in the metadata"] if "widgets" in notebook.metadata else []
    for cell in code_cells(notebook):
        if any(WIDGET in output.get("data", {}) for output in cell.outputs):
            faults.append(f"{cell.id}: widget output")
    return faults


def cells_have_names(notebook: NotebookNode) -> list[str]:
    """Each cell has an id of its own that says what the cell is."""
    ids = Counter(cell.id for cell in notebook.cells)
    repeated = [f"{name}: {count} cells with this id" for name, count in ids.items() if count > 1]
    return repeated + [f"{name}: a random id" for name in ids if re.fullmatch("[0-9a-f]{8}", name)]


def metadata_is_fixed(notebook: NotebookNode) -> list[str]:
    """The notebook was written by `make notebooks`."""
    same = dict(notebook.metadata) == METADATA
    return (
        [] if same else [f"metadata not as `make notebooks` writes it: {dict(notebook.metadata)}"]
    )


CHECKS: list[Check] = [
    executed_in_order,
    clean_outputs,
    no_absolute_paths,
    figures_are_described,
    pictures_follow_the_page,
    cells_fit_a_screen,
    lines_fit_the_page,
    references_have_one_pair_of_parentheses,
    results_are_assigned,
    ignored_outputs_are_asserted,
    tolerances_mean_something,
    headings_in_order,
    chinese_is_marked,
    quiz_is_complete,
    options_are_plain,
    no_widget_state,
    cells_have_names,
    metadata_is_fixed,
]
