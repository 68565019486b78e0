"""What a page runs Python with is what it should be; the machine behind its cells finds faults."""

import ast
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from workshop.in_page import assets
from workshop.in_page.cells import before, cells, differences
from workshop.in_page.editor.__main__ import BUNDLE, banner
from workshop.in_page.kernel import ABSENT, LATER, LONGEST, Session
from workshop.in_page.marks import ROOT, tried

OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
LOCK = {"packages": {"a": {"depends": ["c", "b"]}, "b": {"depends": ["c"]}, "c": {"depends": []}}}


def test_a_piece_with_another_hash_is_refused() -> None:
    assert assets.checked("a", b"", OF_NOTHING) == b""
    with pytest.raises(ValueError, match="has the hash"):
        assets.checked("a", b"x", OF_NOTHING)


def test_what_a_package_needs_comes_before_it_and_once() -> None:
    assert assets.needed(LOCK, ("a",)) == ["c", "b", "a"]


def test_without_the_pieces_nothing_is_complete(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(assets, "FOLDER", tmp_path)
    assert not assets.is_complete()


def test_what_the_library_imports_is_in_the_page_or_known_to_be_absent() -> None:
    nodes = [
        node
        for path in (ROOT / "qkv_lib").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    there = {"qkv_lib", "numpy", "array_api_compat", LATER, "cycler", *sys.stdlib_module_names}
    assert {each.partition(".")[0] for each in names} - there <= set(ABSENT)


def test_the_editor_is_bundled_from_its_sources() -> None:
    assert BUNDLE.read_text(encoding="utf-8").startswith(banner())
    assert BUNDLE.stat().st_size < 1_500_000


def notebook(folder: Path, *contents: nbformat.NotebookNode) -> Path:
    path = folder / "page.ipynb"
    nbformat.write(new_notebook(cells=list(contents)), path)
    return path


def code(name: str, source: str, printed: str = "", **metadata: object) -> nbformat.NotebookNode:
    outputs = [new_output("stream", name="stdout", text=printed)] if printed else []
    return new_code_cell(source, id=name, outputs=outputs, metadata=metadata)


PAGE = [
    new_markdown_cell("# Page", id="title"),
    code("data", "import torch\nimport numpy as np\nx = np.arange(3)\nprint(x)", "[0 1 2]\n"),
    code("train", "from torch import nn\nprint(nn.Linear(2, 2).bias.shape)", "torch.Size([2])\n"),
    code("drawn", "import matplotlib.pyplot as plt\nf = plt.figure(figsize=(1, 1))\nplt.close(f)"),
    code("stale", "print(x.sum())", "4\n"),
    new_markdown_cell("### Exercise 1.1: one\n\nText.", id="one"),
    code("given", "y = x + 1"),
    code("yours", "def f(): ...\n\n\ncheck('f', f)"),
    code("solution", "def f_solution(): return y", tags=["hide-cell"]),
    new_markdown_cell("### Exercise 1.2: two", id="two"),
    code("other", "def g(): ...\n\n\ncheck('g', g)"),
    new_markdown_cell("## On", id="on"),
    code("last", "print(int(x[-1]))", "2\n"),
]


def test_a_page_runs_what_needs_no_torch_and_shows_what_is_stored(tmp_path: Path) -> None:
    path = notebook(tmp_path, *PAGE)
    found = tried([path])[path]
    assert {name: found[name] for name in ("data", "train", "drawn", "stale", "given", "last")} == {
        "data": "numpy", "train": "", "drawn": "matplotlib", "stale": "", "given": "numpy",
        "last": "numpy",
    }  # fmt: skip


def test_a_function_that_could_never_be_called_has_no_button(tmp_path: Path) -> None:
    path = notebook(
        tmp_path,
        code("imports", "import torch\nfrom torch.optim import Adam"),
        code("learned", "model = torch.eye(2)"),
        code("uses", "def f(x):\n    return torch.relu(x)"),
        code("inside", "class C:\n    def g(self):\n        return [Adam(x) for x in self]"),
        code("above", "def h():\n    return model"),
        code("own", "def k(x):\n    torch = abs(x)\n    return torch, k(0)"),
    )
    assert tried([path])[path] == {
        "imports": "numpy", "learned": "", "uses": "", "inside": "", "above": "", "own": "numpy",
    }  # fmt: skip


def test_the_cells_above_run_first_but_no_other_exercise(tmp_path: Path) -> None:
    every = cells(notebook(tmp_path, *PAGE))
    by_name = {each.id: each for each in every}
    assert [each.id for each in every if each.yours] == ["yours", "other"]

    def run(name: str) -> list[str]:
        return [each for each, runs in before(every, by_name[name]).items() if runs]

    outside = ["data", "train", "drawn", "stale"]
    assert run("drawn") == ["data", "train"]
    assert run("yours") == [*outside, "given"]
    assert run("solution") == [*outside, "given"]
    assert run("other") == run("last") == outside


def test_a_difference_is_found(tmp_path: Path) -> None:
    (cell,) = cells(notebook(tmp_path, code("a", "print(1.25)", "1.25\n")))
    session = Session()
    assert differences(cell, session.run("print(1.25)", "a")["outputs"]) == []
    for wrong in ("print(1.26)", "pass", "1.25", "print(1.25); 1/0", "print(1.25)\n3"):
        assert differences(cell, session.run(wrong, "a")["outputs"]) != []


def shown(source: str) -> str:
    return "".join(each["text"] for each in Session().run(source, "mine")["outputs"])


def test_errors_begin_with_the_lines_of_the_reader() -> None:
    text = shown("def f():\n    return 1 / 0\n\nf()")
    assert text.splitlines()[1:3] == ['  File "<cell mine>", line 4, in <module>', "    f()"]
    assert text.endswith("ZeroDivisionError: division by zero")
    assert "kernel.py" not in text
    assert "SyntaxError" in shown("x = = 1")
    assert "the page goes on" in shown("raise SystemExit(2)")
    assert "KeyboardInterrupt" in shown("raise KeyboardInterrupt")
    assert "no more is shown" in shown(f"print('x' * {LONGEST + 1})")


def test_a_session_can_forget() -> None:
    session = Session()
    session.run("x = 1\nimport numpy as np\nnp.set_printoptions(precision=1)", "a")
    session.fresh()
    assert "NameError" in session.run("x", "b")["outputs"][0]["text"]
    text = session.run("import numpy as np\nprint(np.array([0.125]))", "c")["outputs"][0]["text"]
    assert text == "[0.125]\n"
