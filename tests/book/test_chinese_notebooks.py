"""The readers' notebooks in Chinese: the same code, with Chinese comments and pictures.

That they say what their pages say: `test_reader_notebooks.py`. Reads `_build/html/zh`, which
`make book` writes.
"""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import launch
import nbformat
import pytest
from nbformat import NotebookNode

from qkv_lib.explorers._page import speaker
from qkv_lib.language import VARIABLE
from qkv_lib.rosetta.words import translated
from tests.book.notebook_checks import code_cells
from tests.book.test_reader_notebooks import SOURCES, copy_of, texts
from workshop.chinese import catalogue
from workshop.chinese.verdicts import in_chinese
from workshop.copies import __main__ as copies
from workshop.pages import ROOT

SITE = ROOT / "_build" / "html" / "zh"
CHAPTERS = pytest.mark.parametrize("name", SOURCES)
LANGUAGE = "-language"  # ends the id of the cell that asks for Chinese verdicts
SPEAKER = speaker("zh_CN")  # lets the live figures speak Chinese
TABLES = {each.text: each.translation for each in catalogue.read("site/tables").values()}
HAN = re.compile(r"[\u4e00-\u9fff]")


def ours(name: str) -> list[NotebookNode]:
    return [cell for cell in code_cells(copy_of(SITE, name)) if not cell.id.endswith(LANGUAGE)]


def tree(source: str) -> str:
    """Return what Python makes of code: no comments, no docstrings."""
    parsed = ast.parse(re.sub(r"^[ \t]*[%!].*$", "pass", source, flags=re.MULTILINE))
    for node in ast.walk(parsed):
        match getattr(node, "body", None):
            case [ast.Expr(value=ast.Constant() as text), *_]:
                text.value = ""
    return ast.dump(parsed)


def shown(cell: NotebookNode) -> list[str]:
    """Return the outputs of a cell but for what is Chinese in them."""
    outputs = [dict(each) for each in cell.outputs if "image/svg+xml" not in str(each)]
    outputs = [{**x, "text": in_chinese(x["text"])} if "text" in x else x for x in outputs]
    for data in [each["data"] for each in outputs if "text/html" in each.get("data", {})]:
        data["text/html"] = translated(data["text/html"], TABLES.get)
    return [str(each).replace(repr(SPEAKER)[1:-1], "") for each in outputs]


@CHAPTERS
def test_its_live_figures_speak_chinese(name: str) -> None:
    for cell in ours(name):
        for text in [each.get("data", {}).get("text/html", "") for each in cell.outputs]:
            assert text.endswith(SPEAKER) == ("data-explorer=" in text)


@CHAPTERS
def test_the_code_is_that_of_the_source_but_for_what_its_comments_say(name: str) -> None:
    theirs = code_cells(nbformat.read(SOURCES[name], as_version=4))
    assert [cell.id for cell in ours(name)] == [cell.id for cell in theirs]
    assert [tree(cell.source) for cell in ours(name)] == [tree(cell.source) for cell in theirs]
    for one, other in zip(ours(name), theirs, strict=True):
        assert shown(one) == shown(other)


def test_its_comments_and_its_pictures_are_chinese() -> None:
    known = catalogue.read("03-algorithm")
    comments = [each for each in known.values() if each.kind == "comment" and each.done]
    code = "\n".join(cell.source for cell in ours("03-algorithm"))
    assert sum(each.translation in code for each in comments) > 5
    pictures = [str(cell.outputs) for cell in ours("03-algorithm") if "<svg" in str(cell.outputs)]
    assert pictures
    assert all(HAN.search(each) for each in pictures)


def test_its_formulas_say_their_words_in_chinese() -> None:
    said = " ".join(texts(copy_of(SITE, "03-algorithm")))
    assert r"\text{否则}" in said
    assert r"\text{otherwise}" not in said


def test_its_first_cell_makes_the_verdicts_chinese(tmp_path: Path) -> None:
    first = code_cells(copy_of(SITE, "03-algorithm"))[0]
    assert first.id.endswith(LANGUAGE)
    assert first.metadata.jupyter.source_hidden
    code = f"{first.source}\nfrom qkv_lib.practice import check\n"
    code += "print(check('softmax-rows', lambda x: x))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}, encoding="utf-8",
    )  # fmt: skip
    assert HAN.search(run.stdout)


def test_the_notebook_that_greets_is_chinese() -> None:
    said = texts(copy_of(SITE, "index"))
    assert len(said) > 3
    assert all(HAN.search(text) for text in said)


def test_make_lab_lays_them_into_a_folder_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(copies, "ROOT", tmp_path)
    monkeypatch.setenv(VARIABLE, "")
    assert copies.main([copies.CHINESE]) == 0
    assert HAN.search(capsys.readouterr().out)
    laid = {path.name for path in (tmp_path / "my-notebooks-zh").glob("*.ipynb")}
    assert laid == {f"{name}.ipynb" for name in [*SOURCES, "index"]}
    assert not (tmp_path / "my-notebooks").exists()
    index = json.loads((tmp_path / "my-notebooks-zh" / "index.ipynb").read_text("utf-8"))
    (passed,) = [cell for cell in index["cells"] if cell["id"] == "index-passed"]
    assert HAN.search("".join(passed["outputs"][0]["text"]))


def test_the_buttons_of_a_chinese_page_open_the_chinese_notebook(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(launch, "is_translated", lambda: True)
    address = "https://github.com/ann/qkv"
    app = SimpleNamespace(config=SimpleNamespace(course_repository=address))
    binder = {"url": "https://mybinder.org/v2/gh/ann/qkv/HEAD?urlpath=lab/tree/book/path.ipynb"}
    buttons = [binder]
    context = {"header_buttons": [{"label": "launch-buttons", "buttons": buttons}]}
    launch.lead(app, "book/path", "", context, None)
    assert buttons[0]["url"].endswith("?urlpath=lab/tree/my-notebooks-zh/path.ipynb")
    assert buttons[1]["url"].endswith("/ann/qkv/blob/colab/zh/book/path.ipynb")
