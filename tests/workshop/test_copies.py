"""What a page holds is written in plain Markdown, and what is not known is refused."""

from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from docutils import nodes
from docutils.core import publish_doctree
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from workshop.copies.cells import LINES, code_cell, reader_notebook
from workshop.copies.links import Links, works
from workshop.copies.markdown import Target, UnreadableError, said
from workshop.copies.writer import Writer
from workshop.notebooks import METADATA

PLACES = {
    "book/02-concepts": {"heads-zh": 'Heads (<span lang="zh">头</span>)', "ch02-run": "ch02-run"},
    "book/03-algorithm": {"faq-root": "Why the root?"},
}
WORKS = {"id7": "https://doi.org/10.1/x", "id8": ""}


def links(site: str = "") -> Links:
    return Links("book/03-algorithm", places=PLACES, works=WORKS, site=site)


def writer(site: str = "") -> Writer:
    return Writer(links(site), {"equation-eq-a": "3.1", "fig-a": "3.2"}.__getitem__)


def reference(words: str, **attributes: Any) -> nodes.reference:
    return nodes.reference("", words, internal=True, **attributes)


def paragraph(*children: nodes.Node) -> nodes.paragraph:
    return nodes.paragraph("", "", *children)


def raw(html: str) -> nodes.raw:
    return nodes.raw("", html, format="html")


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("*a* **b** ``c d``", "*a* **b** `c d`"),
        ("5 * x < y, snake_case, _a, $2", r"5 \* x &lt; y, snake_case, \_a, \$2"),
        (":math:`Q K^\\top`", r"$Q K^\top$"),
        ("::\n\n  x = 1", "```\nx = 1\n```"),
        ("- a\n- b", "- a\n- b"),
        ("1. a\n\n   b\n2. c", "1. a\n\n   b\n\n2. c"),
        (".. note:: Look.", "> **Note**\n>\n> Look."),
        ("Who?\n\n    It was.", "Who?\n\n> It was."),
        ("a\n\n.. comment", "a"),
        (".. admonition:: Predict\n\n   What?\n\n   Who?", "> **Predict**\n>\n> What?\n>\n> Who?"),
        (
            ".. admonition:: The fault\n   :class: dropdown\n\n   It.",
            "<details><summary>The fault</summary>\n\nIt.\n\n</details>",
        ),
        (
            "== ========\na  b\n== ========\n1  ``x|y``\n== ========",
            "| a | b |\n| --- | --- |\n| 1 | `x\\|y` |",
        ),
        ("== =============\na  b\n== =============\n1  :math:`|x|`\n== =============",
         "| a | b |\n| --- | --- |\n| 1 | $\\vert x\\vert $ |"),
    ],
)  # fmt: skip
def test_each_thing_has_a_form_in_markdown(source: str, written: str) -> None:
    assert writer().blocks(publish_doctree(source).children) == written


@pytest.mark.parametrize(
    "source", ["a\n b", ".. image:: a.png", "| a\n| b", ".. note::\n\n   .. image:: a.png"]
)
def test_what_is_not_known_is_refused(source: str) -> None:
    with pytest.raises(UnreadableError):
        writer().blocks(publish_doctree(source).children)


def test_a_thing_that_is_not_known_inside_a_line_is_refused() -> None:
    with pytest.raises(UnreadableError, match="footnote_reference"):
        writer().block(paragraph(nodes.footnote_reference("", "1")))


def test_an_equation_has_its_number_and_a_place() -> None:
    block = nodes.math_block("", r"a = b", label="eq-a", ids=["equation-eq-a"])
    written = writer().block(block)
    assert written == '<a id="eq-a"></a>\n$$\na = b\n\\tag{3.1}\n$$'


def test_html_keeps_its_language_and_loses_the_classes_of_the_book() -> None:
    parts = [raw('<span lang="zh">'), nodes.Text("头"), raw("</span>"), nodes.Text(" "),
             raw('<span class="qkv-k">'), nodes.Text("key"), raw("</span>")]  # fmt: skip
    assert writer().block(paragraph(*parts)) == '<span lang="zh">头</span> key'


@pytest.mark.parametrize(
    ("attributes", "address"),
    [
        ({"refuri": "02-concepts.html"}, "02-concepts.ipynb"),
        ({"refuri": "02-concepts.html#heads-zh"}, "02-concepts.ipynb#Heads-(头)"),
        ({"refuri": "02-concepts.html#ch02-run"}, "02-concepts.ipynb#cell-id=ch02-run"),
        ({"refuri": "02-concepts.html#equation-eq-b"}, "02-concepts.ipynb#eq-b"),
        ({"refid": "equation-eq-a"}, "#eq-a"),
        ({"refid": "fig-a"}, "#fig-a"),
        ({"refid": "faq-root"}, "#Why-the-root?"),
        ({"refuri": "appendix/bibliography.html#id7"}, "https://doi.org/10.1/x"),
        ({"refuri": "appendix/glossary.html#term-x"}, "https://a.io/book/appendix/glossary.html#term-x"),
    ],
)  # fmt: skip
def test_a_link_leads_to_the_notebook_the_work_or_the_site(
    attributes: dict[str, str], address: str
) -> None:
    target = links("https://a.io/")(reference("x", **attributes))
    assert target is not None
    assert target.address == address


def test_where_the_site_is_not_known_its_pages_are_words() -> None:
    assert links()(reference("x", refuri="appendix/glossary.html#term-x")) is None
    assert links()(reference("x", refuri="appendix/bibliography.html#id8")) is None


def test_a_link_to_what_is_not_there_is_refused() -> None:
    with pytest.raises(UnreadableError, match="book/02-concepts#nowhere"):
        links()(reference("x", refuri="02-concepts.html#nowhere"))


def test_a_work_without_a_doi_is_found_by_its_address() -> None:
    def cited(place: str, **fields: str) -> Any:
        return SimpleNamespace(citation_id=place, entry=SimpleNamespace(fields=fields))

    found = works([cited("a", doi="10.1/x"), cited("b", url="https://c.d"), cited("c")])
    assert found == {"a": "https://doi.org/10.1/x", "b": "https://c.d", "c": ""}


def test_a_word_of_the_glossary_brings_its_meaning() -> None:
    meaning = nodes.inline("", "A map, ", nodes.math("", r"n_q \times n_k"), nodes.Text('"x"'))
    link = reference("map", refuri="appendix/glossary.html#term-map")
    word = nodes.inline("", "", link, meaning, classes=["glossary-word"])
    told = 'A map, n_q × n_k"x"'
    assert said(meaning) == told
    escaped = told.replace('"', r"\"")
    known = f'[map](https://a.io/book/appendix/glossary.html#term-map "{escaped}")'
    assert writer("https://a.io/").span(word) == known
    quoted = told.replace('"', "&quot;")
    assert writer().span(word) == f'<abbr title="{quoted}">map</abbr>'


def test_an_address_with_brackets_is_one_address() -> None:
    node = nodes.reference("", "x", refuri="https://doi.org/10.1/(a)")
    assert links()(node) == Target("https://doi.org/10.1/(a)")
    assert writer().span(node) == "[x](https://doi.org/10.1/%28a%29)"


# Whole notebooks.


def page() -> nodes.document:
    """Return what the build makes of `source`."""
    tree = publish_doctree("Title\n=====\n\nText.")
    section = nodes.section("", *tree.children, ids=["title"])
    for child in section.children:
        child.line = LINES + 2
    picture = nodes.figure("", nodes.image(alt="Seen & heard"), ids=["fig-a"])
    picture += nodes.caption("", "What it means.")
    cell = nodes.container("", picture, cell_index=1, classes=["cell"])
    solution = nodes.container("", cell_index=2, hide_mode="all", prompt_show="Solution")
    tree.children = []
    tree += [section]
    section += [cell, solution]
    return tree


def source() -> nbformat.NotebookNode:
    shown = new_output("display_data", data={"image/svg+xml": "<svg/>"})
    described = {"mystnb": {"figure": {"caption": "{eq}`eq-a`"}}, "tags": ["remove-input"]}
    return new_notebook(
        metadata=METADATA,
        cells=[
            new_markdown_cell("# Title\n\nText.", id="title"),
            new_code_cell("draw()", id="draw", outputs=[shown], metadata=described),
            new_code_cell("def f(): ...", id="solved", metadata={"tags": ["hide-cell"]}),
        ],
    )


def test_a_notebook_keeps_its_code_and_gets_captions_and_names() -> None:
    made = reader_notebook(source(), page(), writer())
    assert [cell.id for cell in made.cells] == [
        "title", "draw", "draw-caption", "solved-name", "solved",
    ]  # fmt: skip
    title, draw, caption, name, solved = made.cells
    assert title.source == "# Title\n\nText."
    assert (draw.source, draw.outputs) == ("draw()", source().cells[1].outputs)
    assert draw.metadata.jupyter == {"source_hidden": True, "outputs_hidden": False}
    assert "mystnb" not in draw.metadata
    assert caption.source.startswith('<a id="fig-a"></a>**Fig. 3.2** What it means.')
    assert "<p>Seen &amp; heard</p>" in caption.source
    assert name.source == "*Solution*"
    assert solved.metadata.jupyter == {"source_hidden": True, "outputs_hidden": True}


def test_where_the_repository_is_known_a_notebook_says_how_to_be_alone() -> None:
    made = reader_notebook(source(), page(), writer(), "https://github.com/ann/qkv")
    assert made.cells[1].id == "title-alone"
    assert 'pip install "qkv-lib[tools] @ git+https://github.com/ann/qkv"' in made.cells[1].source


@pytest.mark.parametrize("tags", [[], ["zh-output"], ["raises-exception"]])
def test_an_exercise_is_open(tags: list[str]) -> None:
    made = code_cell(new_code_cell("x", metadata={"tags": tags, "mystnb": {}}))
    assert made.metadata == ({"tags": tags} if tags else {})


def test_a_cell_of_which_nothing_is_left_is_refused() -> None:
    lost = source()
    lost.cells.append(new_markdown_cell("More.", id="more"))
    with pytest.raises(UnreadableError, match="nothing is left of the cell more"):
        reader_notebook(lost, page(), writer())
