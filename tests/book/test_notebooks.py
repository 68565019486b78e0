"""Every notebook of the book keeps the rules, and every rule finds its fault."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.book import notebook_checks as checks
from workshop.notebooks import METADATA
from workshop.pages import BOOK, listed_pages, tracked

NOTEBOOKS = [page for page in listed_pages() if page.suffix == ".ipynb"]

CHINESE = "<span lang='zh'>注意力</span>"
QUIZ = """## Quiz

::::{question} What do rows of weights sum to?
:::{right} One
Softmax divides each row by its sum.
:::
:::{wrong} Zero
No weight is negative, and some are positive.
:::
:::{wrong} The width
The width only scales the scores.
:::
::::
"""


def test_the_table_of_contents_lists_every_notebook() -> None:
    there = [path for path in tracked(BOOK) if path.suffix == ".ipynb"]
    assert sorted(NOTEBOOKS) == sorted(there)


@pytest.mark.parametrize("page", NOTEBOOKS, ids=lambda page: page.stem)
def test_the_notebook_keeps_the_rules(page: Path) -> None:
    notebook = nbformat.read(page, as_version=4)
    found = {check.__name__: check(notebook) for check in checks.CHECKS}
    assert {rule: faults for rule, faults in found.items() if faults} == {}


@pytest.mark.parametrize(
    "page", [page for page in listed_pages() if page.suffix == ".md"], ids=lambda page: page.stem
)
def test_chinese_is_marked_on_the_other_pages(page: Path) -> None:
    assert checks.unmarked_chinese(checks.html_of(page.read_text(encoding="utf-8"))) == []


def test_no_two_figures_of_the_book_share_a_name() -> None:
    names = [
        name
        for page in NOTEBOOKS
        for name in checks.figure_names(nbformat.read(page, as_version=4))
    ]
    assert [name for name, count in Counter(names).items() if count > 1] == []


# The rules themselves: a sound notebook passes, and each planted fault is found.


def sound_notebook() -> NotebookNode:
    figure = new_output("display_data", data={"image/png": "iVBORw0KGgo="})
    described = {
        "mystnb": {
            "image": {
                "alt": "Heat map of four rows by four columns, darkest along its last column"
            },
            "figure": {"caption": f"Weights ({CHINESE}) of the example.", "name": "fig-weights"},
        }
    }
    printed = new_output("stream", name="stdout", text="0.8803\n")
    return new_notebook(
        metadata=METADATA,
        cells=[
            new_markdown_cell(f"# 1. Title ({CHINESE})\n\nWhat it is.\n\n## Part", id="title"),
            new_code_cell("print(0.8803)", id="first", execution_count=1, outputs=[printed]),
            new_code_cell(
                "heat()", id="heat", execution_count=2, outputs=[figure], metadata=described
            ),
            new_markdown_cell(QUIZ, id="quiz"),
        ],
    )


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__)
def test_a_sound_notebook_passes(check: checks.Check) -> None:
    assert check(sound_notebook()) == []


def edit(cell: int, **fields: Any) -> Callable[[NotebookNode], None]:
    return lambda notebook: notebook.cells[cell].update(nbformat.from_dict(fields))


def swap(cell: int, old: str, new: str) -> Callable[[NotebookNode], None]:
    def plant(notebook: NotebookNode) -> None:
        assert old in notebook.cells[cell].source
        notebook.cells[cell].source = notebook.cells[cell].source.replace(old, new)

    return plant


def describe(part: str, **fields: str) -> Callable[[NotebookNode], None]:
    return lambda notebook: notebook.cells[2].metadata["mystnb"][part].update(fields)


def stream(text: str, name: str = "stdout") -> list[NotebookNode]:
    return [new_output("stream", name=name, text=text)]


def html(content: str) -> list[NotebookNode]:
    return [new_output("display_data", data={"text/html": content})]


def svg(content: str) -> list[NotebookNode]:
    head = '<svg class="qkv-picture"><rect class="qkv-paper" fill="#ffffff"/>'
    return [new_output("display_data", data={"image/svg+xml": f"{head}{content}</svg>"})]


FOREIGN = [new_output("display_data", data={"image/svg+xml": "<svg></svg>"})]
NAMED = '<path style="fill: var(--qkv-q, #006aa6); stroke: currentColor"/>'
ERROR = [new_output("error", ename="ValueError", evalue="wrong", traceback=[])]
WIDGET = [new_output("display_data", data={checks.WIDGET: {"model_id": "1"}})]
CAPTION = f"Weights ({CHINESE}) of the example."

FAULTS = [
    (checks.executed_in_order, edit(1, execution_count=None), "[None, 2]"),
    (checks.executed_in_order, edit(1, execution_count=3), "[3, 2]"),
    (checks.clean_outputs, edit(1, outputs=ERROR), "first: error output ValueError"),
    (checks.clean_outputs, edit(1, outputs=stream("50%|", "stderr")), "first: writes to stderr"),
    (checks.no_absolute_paths, edit(1, outputs=stream("/home/ann/x.py")), "first: names /home/"),
    (checks.no_absolute_paths, edit(1, outputs=stream(r"C:\Users\ann")), r"names C:\Users"),
    (checks.no_absolute_paths, edit(1, outputs=stream(f"{BOOK}/x.py")), "first: names"),
    (checks.no_absolute_paths, swap(1, "0.8803", "'/tmp/x'"), "first: names /tmp/"),
    (checks.no_absolute_paths, edit(1, outputs=html("in site-packages")), "names site-packages"),
    (checks.figures_are_described, edit(2, metadata={}), "heat: figure without caption"),
    (checks.pictures_follow_the_page, edit(2, outputs=FOREIGN), "heat: a picture that qkv_lib"),
    (
        checks.pictures_follow_the_page,
        edit(2, outputs=svg(NAMED + '<path style="fill: #123456"/>')),
        "heat: the colour #123456 has no name",
    ),
    (
        checks.figures_are_described,
        describe("figure", name="weights"),
        "heat: figure without a name",
    ),
    (checks.figures_are_described, describe("image", alt="A heat map"), "heat: alt text too short"),
    (checks.figures_are_described, describe("image", alt="x" * 50 + ".png"), "is a file name"),
    (checks.figures_are_described, describe("image", alt=CAPTION), "repeats the caption"),
    (checks.cells_fit_a_screen, edit(1, source="x = 1\n" * 31), "first: 31 lines"),
    (checks.lines_fit_the_page, edit(1, source="x" * 89), "first: a line of 89 characters"),
    (checks.lines_fit_the_page, edit(1, outputs=stream("a\n" + 45 * "权")), "line of 90"),
    (
        checks.references_have_one_pair_of_parentheses,
        swap(0, "## Part", "As shown ({eq}`eq-part`)."),
        "title: (({eq}))",
    ),
    (checks.results_are_assigned, edit(2, source="heat();\n"), "heat: ends in a semicolon"),
    (
        checks.ignored_outputs_are_asserted,
        edit(1, metadata={"tags": ["nbval-ignore-output"]}),
        "first: its output is not compared",
    ),
    (
        checks.tolerances_mean_something,
        edit(1, metadata={"qkv": {"tolerance": {"rel": 0.5}}}),
        "first: a tolerance of more than 25%",
    ),
    (
        checks.tolerances_mean_something,
        edit(1, metadata={"qkv": {"tolerance": {"rel": 0.02}}}, outputs=stream("16 digits")),
        "first: a tolerance, and no measured number",
    ),
    (checks.headings_in_order, swap(0, "# 1. Title", "1. Title"), "does not open with the title"),
    (checks.headings_in_order, swap(0, "## Part", "### Part"), "level 3 follows one of level 1"),
    (checks.headings_in_order, swap(3, "## Quiz", "# Quiz"), "2 titles"),
    (checks.chinese_is_marked, swap(0, "What", "权重"), "title: 权重 without lang"),
    (checks.chinese_is_marked, swap(0, "Part", "Part `权重`"), "title: 权重 without lang"),
    (
        checks.chinese_is_marked,
        swap(0, "## Part", ":::{tip} 权重\n:::"),
        "title: 权重 without lang",
    ),
    (
        checks.chinese_is_marked,
        swap(0, "## Part", ":::{tip}\n权重\n:::"),
        "title: 权重 without lang",
    ),
    (checks.chinese_is_marked, swap(0, "## Part", "```\n权重\n```"), "title: 权重 without lang"),
    (checks.chinese_is_marked, swap(3, "{right} One", "{right} 一"), "quiz: 一 without lang"),
    (checks.chinese_is_marked, edit(1, outputs=stream("权重")), "first: 权重 without lang"),
    (checks.chinese_is_marked, edit(1, outputs=html("<b>权重</b>")), "first: 权重 without lang"),
    (checks.chinese_is_marked, describe("image", alt="Heat map of 权重"), "heat: 权重 in an alt"),
    (
        checks.chinese_is_marked,
        describe("figure", caption="Map of 权重"),
        "heat: 权重 without lang",
    ),
    (checks.quiz_is_complete, swap(3, "{wrong} The", "{right} The"), "Question 1: 2 options are r"),
    (checks.quiz_is_complete, swap(3, "{right}", "{wrong}"), "Question 1: 0 options are right"),
    (checks.quiz_is_complete, swap(3, "The width only scales the scores.", ""), "without feedback"),
    (
        checks.quiz_is_complete,
        swap(3, QUIZ[QUIZ.rindex(":::{wrong}") :], "::::\n"),
        "Question 1: 2 options",
    ),
    (
        checks.options_are_plain,
        swap(3, "{right} One", "{right} $1$"),
        "a formula in an option: $1$",
    ),
    (checks.no_widget_state, edit(1, outputs=WIDGET), "first: widget output"),
    (checks.no_widget_state, lambda nb: nb.metadata.update(widgets={}), "widget state"),
    (checks.cells_have_names, edit(1, id="title"), "title: 2 cells"),
    (checks.cells_have_names, edit(1, id="0b5f2ac1"), "0b5f2ac1: a random id"),
    (checks.metadata_is_fixed, lambda nb: nb.metadata.update(title="x"), "not as `make notebooks`"),
]


@pytest.mark.parametrize(("check", "plant", "fault"), FAULTS)
def test_a_planted_fault_is_found(
    check: checks.Check, plant: Callable[[NotebookNode], None], fault: str
) -> None:
    notebook = sound_notebook()
    plant(notebook)
    found = check(notebook)
    assert any(fault in each for each in found), found


def test_every_rule_has_a_planted_fault() -> None:
    assert {check for check, _, _ in FAULTS} == set(checks.CHECKS)


def test_an_error_on_purpose_is_allowed() -> None:
    notebook = sound_notebook()
    edit(1, outputs=ERROR, metadata={"tags": ["raises-exception"]})(notebook)
    assert checks.clean_outputs(notebook) == []


def test_plain_chinese_output_is_allowed_where_the_cell_says_so() -> None:
    notebook = sound_notebook()
    edit(1, outputs=stream("权重"), metadata={"tags": [checks.CHINESE_OUTPUT]})(notebook)
    assert checks.chinese_is_marked(notebook) == []
