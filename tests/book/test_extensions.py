"""What the Sphinx extensions of this book do, each on its own."""

import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import author_year
import by_sound
import chinese_type
import fields
import figure_tables
import figures
import folded
import formula_words
import front_page
import glossary_links
import light
import marks
import nbformat
import numbering
import numpy as np
import offline
import pytest
import qkv_colours
import quiz
import short_names
import short_way
import unbroken
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import directives
from matplotlib.figure import Figure
from myst_parser.parsers.docutils_ import Parser
from pybtex.database import Entry, Person
from sphinx.addnodes import pending_xref
from sphinx.domains.python import ObjectEntry
from sphinx.errors import ExtensionError
from sphinx.util.docutils import docutils_namespace

from qkv_lib.formula.steps import AttentionSteps
from qkv_lib.plots import heatmap
from qkv_lib.plots.saved import as_svg
from qkv_lib.plots.vector import Layout, picture
from workshop.chinese.terms import terms as law

STATIC = Path(light.__file__).parents[1] / "_static"
WORDS = ("softmax", "log softmax", "pooling", "RoPE", "key", "query", "recovery")
MEANING = (nodes.Text("What it is."),)
TERMS = {
    word.lower(): glossary_links.Term(word, "glossary", f"term-{word}", MEANING) for word in WORDS
}


def linked(text: str, terms: glossary_links.Terms = TERMS) -> list[tuple[str, str]]:
    """Return the links that a text gets: the words, and where they lead."""
    doctree = publish_doctree(text, settings_overrides={"raw_enabled": True})
    before = doctree.astext()
    glossary_links.link_first_uses(doctree, terms, lambda page: f"{page}.html")
    for meaning in list(doctree.findall(lambda n: "glossary-meaning" in n.get("classes", ())
                                        if isinstance(n, nodes.Element) else False)):  # fmt: skip
        assert meaning.astext() == "What it is."
        meaning.parent.remove(meaning)
    assert doctree.astext() == before
    return [(link.astext(), link["refuri"]) for link in doctree.findall(nodes.reference)]


def words(text: str) -> list[str]:
    return [word for word, _ in linked(text)]


def test_the_first_use_of_a_word_is_linked_and_the_next_is_not() -> None:
    found = linked("A softmax. Another softmax.\n\nAnd a softmax.")
    assert found == [("softmax", "glossary.html#term-softmax")]


def test_the_longer_word_is_found_before_the_shorter_one() -> None:
    assert words("A log softmax is a softmax.") == ["log softmax", "softmax"]


def test_a_shorter_word_is_not_found_within_a_longer_one_that_comes_again() -> None:
    assert words("A log softmax.\n\nThe log softmax again.") == ["log softmax"]


def test_plurals_are_found_and_parts_of_words_are_not() -> None:
    assert words("Carpooling, pooling-like, softmaxes and recoveries.") == [
        "softmaxes",
        "recoveries",
    ]


def test_a_name_is_found_as_it_is_written() -> None:
    assert words("A rope is no RoPE.") == ["RoPE"]


INTRODUCED = """
.. role:: html(raw)
   :format: html

The key of a door. A *query* of a search.

A **query** (:html:`<span lang="zh">`) and keys (:html:`<span lang="zh">`).
"""


def test_an_everyday_word_is_linked_where_its_chinese_word_introduces_it() -> None:
    assert words(INTRODUCED) == ["query", "keys"]


def test_a_chinese_everyday_word_is_linked_where_its_own_english_word_introduces_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(glossary_links, "is_translated", lambda: True)
    block = glossary_links.Term("块", "glossary", "term-block", MEANING, True, "block")
    assert linked("一个分块（tile），256个分块（32个查询）。", {"块": block}) == []
    found = [("块", "glossary.html#term-block")]
    assert linked("分块（tile）不是块（block）。", {"块": block}) == found


def test_code_headings_and_links_stay_as_they_are() -> None:
    text = (
        "A softmax\n=========\n\n``pooling`` and `RoPE <https://example.org>`_\n\n::\n\n    key\n"
    )
    assert linked(text) == [("RoPE", "https://example.org")]


def test_a_meaning_ends_where_the_entry_says_where_to_look() -> None:
    entry = nodes.definition_list_item(
        "",
        nodes.term("", "mask", ids=["term-mask"]),
        nodes.definition(
            "",
            nodes.paragraph("", "掩码"),
            nodes.paragraph(
                "", "", nodes.Text("Hides "), nodes.emphasis("", "keys"), nodes.Text(". See "),
                nodes.reference("", "chapter 3"),
            ),
        ),
    )  # fmt: skip
    document = publish_doctree("")
    document += nodes.definition_list("", entry)
    ((anchor, meaning),) = glossary_links.meanings_of(document)
    assert (anchor, "".join(each.astext() for each in meaning)) == ("term-mask", "Hides keys.")


def test_chinese_words_stand_by_their_sound() -> None:
    words = {word: f"term-{i}" for i, word in enumerate(["值", "头", "n元语法", "键值缓存", "键"])}
    _, *lines = by_sound.by_sound(words)
    assert [line.astext() for line in lines] == ["J 键、键值缓存", "N n元语法", "T 头", "Z 值"]
    assert [link["refuri"] for link in lines[0].findall(nodes.reference)] == ["#term-4", "#term-3"]
    with pytest.raises(ValueError, match="熵"):
        by_sound.initial("熵")


def test_the_sound_of_every_word_of_the_glossary_is_known() -> None:
    for term in law():
        assert by_sound.initial(term.chinese[0])


def test_every_icon_in_use_is_in_the_theme() -> None:
    codes = light.icon_codes(light.BUTTONS + light.BOXES)
    assert len(codes) == len(set(codes)) == len(light.BUTTONS + light.BOXES)
    with pytest.raises(LookupError, match="draws no icon named no-such-icon"):
        light.icon_codes(["no-such-icon"])


def test_every_icon_of_our_styles_is_cut_out() -> None:
    """One that was not brought the whole font to its page, 156 kB."""
    styles = "".join(path.read_text() for path in STATIC.glob("*.css"))
    used = {int(code, 16) for code in re.findall(r'content: "\\(f[0-9a-f]{3})"', styles)}
    assert len(used) >= 3
    assert used <= set(light.icon_codes(light.BOXES))


def notebook(path: Path, *texts: str) -> Path:
    cells = [nbformat.v4.new_markdown_cell(text) for text in texts]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_the_map_reads_the_opening_of_a_notebook(tmp_path: Path) -> None:
    facts = "**Time**: about 45\nminutes. **Needs**: chapter 3; derivatives. No more."
    path = notebook(tmp_path / "a.ipynb", f"# 4. Title\n\n{facts}", "### Exercise 4.1: one")
    assert front_page.opening(path) == ("4. Title", "about 45 minutes", "chapter 3; derivatives", 1)


def test_a_notebook_that_says_no_time_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a\.ipynb opens without a title, or without \*\*Time"):
        front_page.opening(notebook(tmp_path / "a.ipynb", "# 4. Title"))


def test_a_card_tells_the_time_of_its_sections(tmp_path: Path) -> None:
    notebook(tmp_path / "06-a.ipynb", "# 6. A\n\n**Time**: about 15 minutes. **Needs**: 1.")
    time = "**Time**: about 35 minutes; 10 more for the exercises. **Needs**: 1."
    notebook(tmp_path / "06-1-b.ipynb", f"# 6.1 B\n\n{time}")
    page = SimpleNamespace(
        env=SimpleNamespace(
            docname="book/index",
            doc2path=lambda _: str(tmp_path / "index.md"),
            note_dependency=lambda _: None,
        )
    )
    page.linked = lambda name: front_page.CourseMap.linked(page, name)
    lines = front_page.CourseMap.entry(page, "06-a", "Why?", ["06-1-b"])
    shown = [re.sub(r" <span.*</span>", "", line).strip() for line in lines if line]
    assert shown == [
        "- [6. A](06-a.ipynb)", "Why?", "About 15 minutes",
        "- [6.1 B](06-1-b.ipynb), another 45 minutes",
    ]  # fmt: skip


def test_the_short_way_leads_back_from_the_chapters_to_its_sections(tmp_path: Path) -> None:
    path = notebook(
        tmp_path / "path.ipynb",
        "# Way\n\n[Elsewhere](09-faq.ipynb)",
        "## One map\n\nText.\n\n*More in [chapter 2](02-concepts.ipynb).*",
        "*Maps in\n[3](03-algorithm.ipynb), [2](02-concepts.ipynb).*",
        "## Next\n\n[No](05-practice.ipynb).",
        "*More in [chapter 4](04-mathematics.ipynb#x).*",
    )
    assert short_way.sections(path) == {
        "02-concepts": "One map", "03-algorithm": "One map", "04-mathematics": "Next",
    }  # fmt: skip


def test_the_line_of_the_time_gets_the_link(tmp_path: Path) -> None:
    notebook(tmp_path / "path.ipynb", "## One map\n\n*More in [2](02-concepts.ipynb).*")
    env = SimpleNamespace(
        docname="book/02-concepts",
        doc2path=lambda name: str(tmp_path / Path(name).name),
        note_dependency=lambda _: None,
    )
    doctree = publish_doctree("Title\n=====\n\nWords.\n\n**Time**: 5 minutes. **Needs**: 1.")
    short_way.lead_back(SimpleNamespace(env=env), doctree)
    assert "Time: 5 minutes. Needs: 1. In short, on another page: One map." in doctree.astext()
    assert next(iter(doctree.findall(nodes.reference)))["refuri"] == "path.html#one-map"
    env.docname = "book/09-faq"
    other = publish_doctree("**Time**: 5 minutes. **Needs**: 1.")
    short_way.lead_back(SimpleNamespace(env=env), other)
    assert not list(other.findall(nodes.reference))


def test_a_table_names_its_rows_and_marks_chinese() -> None:
    table = {"title": "<w>", "names": ["queries", "keys"], "rows": ["猫"], "columns": ["a"]}
    html = figure_tables.as_html(table | {"cells": [["0.500"]]})
    assert "&lt;w&gt;. Rows are queries, columns are keys." in html
    assert '<th scope="row" lang="zh">猫</th><td>0.500</td>' in html


def test_a_table_says_the_language_that_its_figure_gave() -> None:
    table = {"title": "", "names": ["queries", "keys"], "rows": ["May"], "columns": ["月", "5"]}
    html = figure_tables.as_html(table | {"languages": ["", "ja"], "cells": [["1.000", "0.000"]]})
    assert '<th scope="col" lang="ja">月</th><th scope="col" lang="ja">5</th>' in html
    assert '<th scope="row">May</th><td>1</td><td>0</td>' in html


def test_a_picture_of_the_library_becomes_part_of_the_page() -> None:
    body = '<path id="a" clip-path="url(#b)"/><use href="#a"/>'
    html = figures.inlined(picture(Layout(9, 9, body), Layout(3, 9, body)), 'a "map"', "picture-2")
    page = BeautifulSoup(html, "html.parser")
    wide, narrow = page.select("svg")
    assert [each["aria-label"] for each in (wide, narrow)] == ['a "map"'] * 2
    assert [each["role"] for each in (wide, narrow)] == ["img"] * 2
    assert not page.select(".qkv-paper, [style]")  # no white card, and the style sheet hides one
    named = [each["id"] for each in page.find_all(id=True)]
    assert named == ["picture-2-wide-a", "picture-2-narrow-a"]
    assert [each["href"] for each in page.find_all("use")] == [f"#{name}" for name in named]
    assert wide.path["clip-path"] == "url(#picture-2-wide-b)"


FORMULAS = {
    r"Q K^\top / \sqrt{d_k}": r"[q:Q] [k:K^\top] / \sqrt{d_k}",
    r"X W_Q^{(i)}, W_{V}": r"X [q:W_Q^{(i)}], [v:W_{V}]",
    r"W_QW_K^\top": r"[q:W_Q][k:W_K^\top]",
    r"e^{q \cdot k_j / \tau}": r"e^{[q:q] \cdot [k:k_j] / \tau}",
    r"\frac{QK^\top}{d}": r"\frac{[q:Q][k:K^\top]}{d}",
    r"\hat q_i \cdot \hat k": r"[q:\hat q_i] \cdot [k:\hat k]",
    r"\operatorname{MultiHead}(Q)": r"\operatorname{MultiHead}([q:Q])",
    r"\text{if } k = 1, d_v = n_k": r"\text{if } k = 1, d_v = n_k",
    r"\sum_k x_K W_{qk} \tag{Q}": r"\sum_k x_K W_{qk} \tag{Q}",
    r"\begin{aligned} dQ &= dS\,K \\ v' \end{aligned}":
        r"\begin{aligned} d[q:Q] &= dS\,[k:K] \\ v' \end{aligned}",
}  # fmt: skip


@pytest.mark.parametrize("latex", FORMULAS)
def test_queries_keys_and_values_are_coloured_in_formulas(latex: str) -> None:
    marked = re.sub(r"\[([qkv]):(.*?)\]", r"\\htmlClass{qkv-\1}{\2}", FORMULAS[latex])
    assert qkv_colours.coloured(latex) == marked


def test_a_picture_with_numbers_gets_its_table_and_another_none(tmp_path: Path) -> None:
    ax = heatmap(np.array([[0.7, 0.3]]), queries=["q"], keys=["a", "b"])
    (tmp_path / "map.svg").write_text(as_svg(ax.figure), "utf-8")
    (tmp_path / "plain.svg").write_text(as_svg(Figure()), "utf-8")
    (table,) = figure_tables.tables_in(tmp_path / "map.svg")
    assert table["cells"] == [["0.700", "0.300"]]
    assert figure_tables.tables_in(tmp_path / "plain.svg") == []
    names = [str(i) for i in range(32)]
    ax = heatmap(np.eye(32), queries=names, keys=names)
    (tmp_path / "large.svg").write_text(as_svg(ax.figure), "utf-8")
    assert figure_tables.tables_in(tmp_path / "large.svg") == []


def held(text: str) -> list[str]:
    """Return what is held together in a text, and check that the text stays as it was."""
    doctree = publish_doctree(text)
    before = doctree.astext()
    for formula in list(doctree.findall(nodes.math)):
        unbroken.hold_together(formula)
    assert doctree.astext() == before
    return [each.astext() for each in doctree.findall(nodes.inline)]


@pytest.mark.parametrize(
    ("text", "together"),
    [
        ("As :math:`e^0 = 1`. Then", ["e^0 = 1."]),
        ("of :math:`dO` (:math:`n`), as", ["(n),"]),
        (":math:`Q`, :math:`K` and :math:`V`", ["Q,"]),
        ("其中 :math:`Q`，与 :math:`K`）。", ["Q，", "K）。"]),
        ("其中（:math:`Q`）", ["（Q）"]),
        ("a :math:`Q` b", []),
        (":math:`Q`", []),
    ],
)
def test_a_formula_holds_the_punctuation_that_touches_it(text: str, together: list[str]) -> None:
    assert held(text) == together


def test_a_number_keeps_its_per_cent_sign() -> None:
    doctree = publish_doctree("It is 17 % of *4 %*, not ``5 %``, and % alone.")
    unbroken.hold_per_cent(doctree)
    assert doctree.astext() == "It is 17_% of 4_%, not 5 %, and % alone.".replace("_", "\xa0")


def test_the_chinese_number_of_a_chapter_is_held_together() -> None:
    doctree = publish_doctree(
        "见第8章，第6.2节，第6.2至6.4节，第13页。第三章 ``第2章``，约15分钟，1 GB"
    )
    unbroken.hold_all_together(SimpleNamespace(), doctree, "page")
    assert (
        doctree.astext() == "见第8章，第6.2节，第6.2至6.4节，第13页。第三章 第2章，约15分钟，1 GB"
    )
    together = [each.astext() for each in doctree.findall(nodes.inline)]
    assert together == ["第8章", "第6.2节", "第6.2至6.4节", "第13页", "15分钟", "1 GB"]


def test_short_code_stands_in_one_line_and_long_code_may_break() -> None:
    doctree = publish_doctree("``n b (h d)`` and ``attention(query, key, value)``")
    unbroken.hold_code(doctree)
    short, long = doctree.findall(nodes.literal)
    assert "unbroken" in short["classes"]
    assert "unbroken" not in long["classes"]


@pytest.fixture
def in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (chinese_type, unbroken):
        monkeypatch.setattr(module, "is_translated", lambda: True)


@pytest.mark.usefixtures("in_chinese")
@pytest.mark.parametrize(
    ("text", "read", "classes"),
    [
        ("问 *它* 的", "问 “它” 的", ["mention"]),
        ("“把 *它* 换掉”", "“把 ‘它’ 换掉”", ["mention"]),
        (r"选“\ *凉*\ ”。", "选“凉”。", ["mention"]),
        ("键是 *描述2*", "键是 “描述2”", ["mention"]),
        (
            "例子 *猫 喝 了 牛奶，因为 它 渴 了* 。",
            "例子 “猫 喝 了 牛奶，因为 它 渴 了” 。",
            ["mention"],
        ),
        ("每一行 *之后* 才", "每一行 之后 才", [""]),
        ("弄懂 *第4个Transformer* 了", "弄懂 第4个Transformer 了", ["", "latin", "latin"]),
        ("写成 *et al.* 的", "写成 et al. 的", ["latin"]),
        ("*整段都是旁白*", "整段都是旁白", ["aside"]),
    ],
)
def test_italics_are_quoted_dotted_or_left(text: str, read: str, classes: list[str]) -> None:
    doctree = publish_doctree(text)
    chinese_type.sort_italics(doctree)
    assert doctree.astext() == read
    kinds = (nodes.emphasis, nodes.inline)
    found = list(doctree.findall(lambda each: isinstance(each, kinds)))
    assert [" ".join(each["classes"]) for each in found] == classes


def test_an_english_page_keeps_its_italics() -> None:
    doctree = publish_doctree("see *cat* and *it*")
    before = doctree.pformat()
    chinese_type.settle(SimpleNamespace(), doctree, "page")
    assert doctree.pformat() == before


@pytest.mark.usefixtures("in_chinese")
def test_spaces_beside_per_cent_and_before_a_source() -> None:
    doctree = publish_doctree("有 95 %正确，``95 %`` 是代码，见Transformer")
    cited = nodes.inline("", "[Vaswani, 2017]", classes=["bibtex-citation"])
    doctree[0] += cited
    unbroken.hold_per_cent(doctree)
    chinese_type.space_citations(doctree)
    assert doctree.astext() == "有 95%正确，95 % 是代码，见Transformer [Vaswani, 2017]"


def test_the_names_in_a_formula_are_no_words() -> None:
    latex = r"\text{hits} \text{if } d_{\text{model}}"
    assert formula_words.in_language(latex) == latex
    assert "if" in formula_words.SAID
    assert not {"hits", "model"} & set(formula_words.SAID)


def test_a_bare_field_of_a_named_tuple_is_skipped_and_nothing_else() -> None:
    def skip(member):
        return fields.skip_alias(None, "class", "name", member, False, None)

    assert skip(AttentionSteps.scores) is True
    assert skip(AttentionSteps) is None  # None leaves it to autodoc
    assert skip(heatmap) is None


NAMES = [
    "qkv_lib.formula.steps.softmax",
    "qkv_lib.formula.steps.AttentionSteps.output",
    "a.RECIPES",
    "b.RECIPES",
]


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("softmax", "qkv_lib.formula.steps.softmax"),
        ("steps.softmax", "qkv_lib.formula.steps.softmax"),
        ("qkv_lib.softmax", "qkv_lib.formula.steps.softmax"),
        ("qkv_lib.formula.steps.softmax", "qkv_lib.formula.steps.softmax"),
        ("output", "qkv_lib.formula.steps.AttentionSteps.output"),
        ("max", None),  # half a word
        ("steps", None),
        ("RECIPES", None),  # of two modules
        ("b.RECIPES", "b.RECIPES"),
        ("torch.softmax", None),
    ],
)
def test_a_short_name_leads_to_the_one_thing_that_it_can_mean(short: str, full: str | None) -> None:
    assert short_names.full_name(short, NAMES) == full


def resolved(target: str, kind: str = "obj") -> nodes.Element | None:
    """Return what a name becomes on a page, in a library of a module and its function."""
    objects = {
        "qkv_lib.attention": ObjectEntry("library", "module-attention", "module", False),
        "qkv_lib.attention.attention": ObjectEntry("library", "attention", "function", False),
    }
    env = SimpleNamespace(domains={"py": SimpleNamespace(data={"objects": objects})})
    app = SimpleNamespace(builder=SimpleNamespace(get_relative_uri=lambda *_: "library.html"))
    node = pending_xref(refdomain="py", reftype=kind, reftarget=target, refdoc="page")
    code = nodes.literal("", target, classes=["xref"])
    return short_names.resolve(app, env, node, code)


def test_a_name_that_is_found_becomes_a_link_to_the_function_not_the_module() -> None:
    assert resolved("attention")["refuri"] == "library.html#attention"


def test_a_name_of_another_library_is_plain_code_and_other_references_are_left_alone() -> None:
    assert resolved("torch.softmax").pformat() == "<literal>\n    torch.softmax\n"
    assert resolved("attention", "class") is None


def test_a_name_that_the_library_has_not_is_a_warning(monkeypatch) -> None:
    warnings = []
    monkeypatch.setattr(
        short_names.logger, "warning", lambda text, *values, **_: warnings.append(text % values)
    )
    assert resolved("qkv_lib.atention").astext() == "qkv_lib.atention"
    assert warnings == ["the library has no qkv_lib.atention"]


SLOW = """
import socket, sys, time
server = socket.socket(socket.AF_UNIX)
time.sleep(0.2)
server.bind(sys.argv[1])  # the file is there
time.sleep(0.3)
server.listen()           # and now somebody answers
server.accept()
"""


POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no Unix sockets")


@POSIX
def test_a_server_that_is_slow_to_listen_is_waited_for(tmp_path, monkeypatch) -> None:
    starts(monkeypatch, SLOW)
    process, server = offline.start_server(tmp_path, timeout=20)
    with server, process:
        assert process.wait(timeout=20) == 0


@POSIX
def test_a_server_that_never_listens_is_an_error(tmp_path, monkeypatch) -> None:
    starts(monkeypatch, "import time; time.sleep(60)")
    with pytest.raises(offline.katex.KaTeXError, match=r"after 0\.1 seconds"):
        offline.start_server(tmp_path, timeout=0.1)


@POSIX
def test_a_server_that_dies_is_an_error_at_once(tmp_path, monkeypatch) -> None:
    starts(monkeypatch, "raise SystemExit(9)")
    with pytest.raises(ExtensionError, match=r"Node\.js, which draws the formulas.*status 9"):
        offline.start_server(tmp_path, timeout=600)


@POSIX
def test_a_long_name_of_the_temporary_folder_is_no_hindrance(tmp_path, monkeypatch) -> None:
    long = tmp_path / ("long " * 30)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    monkeypatch.setattr("tempfile.tempdir", None)
    starts(monkeypatch, SLOW)
    process, server = offline.start_server(long, timeout=20)
    with server, process:
        assert process.wait(timeout=20) == 0


def starts(monkeypatch, script: str) -> None:
    """Let the server be this script."""

    def command(socket):
        return [sys.executable, "-c", script, socket]

    monkeypatch.setattr(offline.katex.KaTeXServer, "build_command", command)


QUIZ = """::::{question} So, *why*?
:::{right} This
Because.
:::
:::{wrong} That
Because not.
:::
::::
"""


def asked(text: str) -> nodes.document:
    """Return a page with a quiz, as it is when it has been read."""
    with docutils_namespace():
        directives.register_directive("question", quiz.Question)
        directives.register_directive("right", quiz.Option)
        directives.register_directive("wrong", quiz.Option)
        page = publish_doctree(
            text, parser=Parser(), settings_overrides={"myst_enable_extensions": ["colon_fence"]}
        )
    quiz.number_and_judge(None, page)
    return page


def test_questions_are_numbered_and_options_judged_by_their_directives() -> None:
    first, second = asked(QUIZ + "\n" + QUIZ).findall(quiz.QuizQuestion)
    assert first[0].astext() == "Question 1. So, why?"
    assert second[0].astext() == "Question 2. So, why?"
    judged = [(each["verdict"], *(part.astext() for part in each)) for each in first[1:]]
    assert judged == [("right", "This", "Yes. Because."), ("wrong", "That", "No. Because not.")]


def test_feedback_that_begins_with_something_else_than_words_is_refused() -> None:
    with pytest.raises(TypeError, match="begins with a bullet_list"):
        asked(QUIZ.replace("Because.", "- Because."))


def test_a_section_for_a_second_reading_is_marked_at_its_beginning_only() -> None:
    text = "A\n=\n\n*Second reading.* More.\n\nB\n=\n\nThe words *Second reading.* here.\n"
    page = publish_doctree(text)
    marks.mark_second_readings(page)
    marked = [each.get("classes") for each in page.findall(nodes.emphasis)]
    assert marked == [["second-reading"], []]


def test_no_chinese_full_stop_is_left_behind_the_mark_of_a_second_reading() -> None:
    page = publish_doctree("A\n=\n\n*Second reading.*。More。\n\nB\n=\n\n*B*。More。\n")
    marks.mark_second_readings(page)
    first, other = page.findall(nodes.paragraph)
    assert first.astext() == "Second reading.More。"
    assert other.astext() == "B。More。"


def folded_cell(mode: str, heading: str, *, picture: bool = False) -> nodes.container:
    """Return a folded cell of a page, under a heading."""
    cell = nodes.container("", hide_mode=mode, prompt_show="Show code cell {type}")
    if picture:
        cell += nodes.image()
    nodes.section("", nodes.title("", heading), cell)
    return cell


@pytest.mark.parametrize(
    ("mode", "heading", "picture", "name"),
    [
        ("all", "Exercise 3.1: scores", False, "Solution"),
        ("all", "The formula", False, "The test"),
        ("input", "The formula", True, "Code of this figure"),
        ("input", "The formula", False, "Code"),
        ("output", "The formula", True, "Answer"),
    ],
)
def test_a_folded_cell_is_called_by_what_is_in_it(mode, heading, picture, name) -> None:
    assert folded.label_of(folded_cell(mode, heading, picture=picture)) == name


def test_code_and_output_that_are_folded_both_have_a_name_each() -> None:
    name = folded.label_of(folded_cell("input+output", "The formula"))
    halves = [folded.half_named(name.replace("{type}", half)) for half in ("source", "output")]
    assert halves == ["Code", "Answer"]
    assert folded.half_named("Solution") == "Solution"


def test_numbers_begin_anew_in_each_chapter_and_keep_their_order() -> None:
    through = {"b": (12,), "a": (9,)}
    assert numbering.by_chapter("book/02-concepts", through) == {"a": (2, 1), "b": (2, 2)}
    assert numbering.by_chapter("book/06-1-images", through) == {"a": (6, 1, 1), "b": (6, 1, 2)}
    assert numbering.by_chapter("book/appendix/notation", through) == {"a": (1,), "b": (2,)}


def test_a_work_is_labelled_by_author_and_year_as_in_the_text() -> None:
    works = [
        (["Dao, Tri"], "Dao, 2024"),
        (["Chiang, David", "Cholak, Peter"], "Chiang and Cholak, 2022"),
        (["van der Berg, Anna", "Li, Mu", "Wu, Bo"], "van der Berg et al., 2020"),
        (["Lee, A."], "Lee, 2020a"),
        (["Lee, B."], "Lee, 2020b"),
    ]
    entries = [
        Entry(
            "misc", {"year": re.findall(r"\d{4}", label)[0]}, {"author": list(map(Person, names))}
        )
        for names, label in works
    ]
    labels = list(author_year.AuthorYearLabels().format_labels(entries))
    assert labels == [label for _, label in works]
