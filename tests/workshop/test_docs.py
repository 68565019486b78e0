"""Each command, path and name in README, CONTRIBUTING, docs and pages is there."""

import doctest
import re
from pathlib import Path

import pytest

from tests.workshop import docs
from tests.workshop.docs import Code
from workshop.pages import ROOT

PYTHON = re.compile(r"^( *)```python\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
CONTRIBUTING, MAP = ROOT / "CONTRIBUTING.md", ROOT / "docs" / "map.md"


@pytest.mark.parametrize("document", docs.DOCUMENTS, ids=lambda path: path.stem)
def test_all_that_a_document_names_is_there(document: Path) -> None:
    found = [fault for code in docs.codes(document) for fault in docs.faults(code)]
    assert found + docs.misplaced(document) == []


def test_commands_are_found() -> None:
    typed = [code for document in docs.DOCUMENTS for code in docs.codes(document) if code.typed]
    spans = [code for code in docs.codes(CONTRIBUTING) if docs.is_command(code.text.split())]
    assert len(typed) >= 10
    assert len(spans) >= 10


def test_the_readmes_say_the_same_commands_paths_and_code() -> None:
    english, chinese = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh.md"))
    for said in (docs.SHELL, PYTHON):
        blocks = [[docs.joined(found[2]) for found in said.finditer(text)]
                  for text in (english, chinese)]  # fmt: skip
        assert blocks[0] == blocks[1] != []
    table = [re.findall(r"^\| (`.*`) \|", text.replace("、", ", "), re.MULTILINE)
             for text in (english, chinese)]  # fmt: skip
    assert table[0] == table[1] != []
    assert "](README.zh.md)" in english
    assert "](README.md)" in chinese


@pytest.mark.parametrize("text", [
    "make test THREADS=2 SEED=7", "make notebooks NB=book/05-practice.ipynb",
    "make lab && make pdf",    "python make.py book", "python -m workshop.memory",
    "QKV_WHY=1 python -m workshop.in_page.marks",
    "pytest tests/practice -k softmax-rows", "QKV_AXE=all", "qkv_lib/plots/style.py", "marks.py",
    "qkv_lib.plots.colours", "qkv_lib.attention", "tests/equations/test_<chapter>.py", "ABSENT",
    "_build/html", "book/*.ipynb", "d_k", "(n, m)",
])  # fmt: skip
def test_what_is_there_passes(text: str) -> None:
    assert docs.faults(Code(text, CONTRIBUTING, typed=False)) == []


@pytest.mark.parametrize(("text", "fault"), [
    ("make tests THREADS=2", "no command tests of make"),
    ("make test THREAD=2", "nothing reads THREAD=2"),
    ("make notebooks NB=book/05-practise.ipynb", "no file book/05-practise.ipynb"),
    ("make lab && make pfd", "no command pfd of make"),
    ("python make.py boook", "no command boook of make"),
    ("python -m workshop.memories", "no module workshop.memories"),
    ("pytest tests/practise -k softmax", "no file tests/practise"),
    ("QKV_AXES=all", "nothing reads QKV_AXES=all"),
    ("qkv_lib/plots/styles.py", "no file qkv_lib/plots/styles.py"),
    ("qkv_lib.plots.colors", "no module or name qkv_lib.plots.colors"),
    ("ABSENT" + "EES", "no source has the name " + "ABSENT" + "EES"),
])  # fmt: skip
def test_what_is_not_there_is_found(text: str, fault: str) -> None:
    assert docs.faults(Code(text, CONTRIBUTING, typed=False)) == [fault]


def test_a_program_that_nobody_has_is_found_in_a_block() -> None:
    assert docs.faults(Code("mkae book", CONTRIBUTING, typed=True)) == [
        "no program mkae that we know of"
    ]


def test_the_map_names_only_what_is_there() -> None:
    assert docs.faults(Code("drawings", MAP, typed=False)) == []
    assert docs.faults(Code("softmax", MAP, typed=False)) == ["no source has the name softmax"]


def test_a_name_in_another_file_and_a_link_to_nothing_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("`GROUPS` in `workshop/pages.py`, `GROUPS` in\n`environment.py`, [x](no.md)")
    assert docs.misplaced(page) == ["no GROUPS in workshop/pages.py", "no file no.md"]


EXAMPLES = {document: re.findall(r"```python\n(>>> .*?)```", document.read_text("utf-8"), re.DOTALL)
            for document in docs.DOCUMENTS}  # fmt: skip


@pytest.mark.parametrize("document", [each for each, found in EXAMPLES.items() if found],
                         ids=lambda path: path.stem)  # fmt: skip
def test_the_examples_of_a_document_print_what_stands_below_them(document: Path) -> None:
    names, printed = {}, []
    for block in EXAMPLES[document]:
        example = doctest.DocTestParser().get_doctest(block, names, document.name, None, 0)
        failures, tried = doctest.DocTestRunner().run(example, out=printed.append)
        assert tried > 1
        assert not failures, "".join(printed)


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_readme_has_an_example_that_prints(name: str) -> None:
    assert re.search(r"\n(?!>>>|```).+\n", "".join(EXAMPLES[ROOT / name]))
