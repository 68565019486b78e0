"""`make check` finds the tests that stand nearest to what has changed."""

import subprocess
from pathlib import Path

import pytest

from workshop import checking

FORMULAS = "tests/equations"
CLAIMS = {"tests/book/test_claims.py", "tests/book/test_figures.py"}
ACCOUNTED, CHINESE = "tests/book/test_accounted.py", "tests/book/test_chinese.py"
NAMES = ("accounted", "chinese", "numbers", "pointers", "quiz", "terms")
PAGE = {*CLAIMS, *(f"tests/book/test_{name}.py" for name in NAMES)}
ALWAYS = {FORMULAS, ACCOUNTED, "tests/test_import.py"}
DOCUMENT = {ACCOUNTED, "tests/workshop/test_docs.py"}


@pytest.mark.parametrize(
    ("file", "tests"),
    [
        ("qkv_lib/formula/masks.py", {*ALWAYS, "tests/formula/test_masks.py"}),
        ("qkv_lib/formula/checks.py", {*ALWAYS, "tests/formula/test_checks.py"}),
        ("qkv_lib/formula/steps.py", {*ALWAYS, "tests/formula"}),
        ("qkv_lib/attention.py", {*ALWAYS, "tests/test_attention.py"}),
        ("workshop/measured.py", {"tests/workshop/test_measured.py"}),
        ("book/03-algorithm.ipynb", {FORMULAS, *PAGE, "tests/book/test_notebooks.py"}),
        ("book/index.md", PAGE),
        ("book/appendix/library/formula.md", PAGE),
        ("book/appendix/glossary.md", {*PAGE, "tests/book/test_glossary.py"}),
        ("book/locale/zh_CN/LC_MESSAGES/03-algorithm.po", {CHINESE}),
        ("book/locale/zh_CN/read/03-algorithm.txt", {CHINESE}),
        ("qkv_lib/plots/locale/zh_CN/pictures.po", {CHINESE}),
        ("tests/exact/test_tiles.py", {"tests/exact/test_tiles.py"}),
        ("tests/exact/test_gone.py", set()),
        ("book/_ext/cells.py", {"tests/book/test_extensions.py"}),
        ("make.py", {"tests/workshop/test_make.py"}),
        ("README.md", DOCUMENT),
        ("docs/map.md", DOCUMENT),
        ("LICENSE", set()),
    ],
)  # fmt: skip
def test_the_nearest_tests_are_found(file: str, tests: set[str]) -> None:
    assert set(checking.tests([file])) == tests


def test_a_file_inside_a_folder_that_is_run_is_not_run_twice() -> None:
    files = ["tests/formula/test_masks.py", "qkv_lib/formula/steps.py"]
    assert "tests/formula/test_masks.py" not in checking.tests(files)


def test_an_exercise_and_its_answers_are_one() -> None:
    files = [
        "qkv_lib/practice/exercises/chapter_6_1/exercise_6_1_4_patches.py",
        "tests/practice/answers/chapter_6_1/exercise_6_1_4_patches.py",
        "qkv_lib/practice/exercises/chapter_3/exercise_3_2_causal_mask.py",
    ]
    assert checking.exercises(files) == ["causal-mask", "patches"]
    assert checking.tests(files) == [ACCOUNTED, CHINESE]
    assert "causal-mask or patches" in checking.commands(files)[-2]


def test_answers_of_newcomers_are_graded() -> None:
    files = ["tests/practice/attacks/sixth.txt", "tests/practice/attacks/laws.txt"]
    *_, last = checking.commands(files)
    assert last[-3:] == ["tests/practice/test_attacks.py", "-k", "laws or sixth"]


def test_style_and_types_are_always_checked() -> None:
    assert [command[0] for command in checking.commands([])] == ["ruff", "ruff", "mypy"]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(checking, "ROOT", tmp_path)
    settings = ["-c", "user.name=a", "-c", "user.email=a"]
    for number, arguments in enumerate((["init"], ["commit"], ["commit"])):
        (tmp_path / f"{number}.py").write_text("")
        if arguments == ["commit"]:
            subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
            arguments = [*settings, "commit", "-m", "a"]
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True, capture_output=True)
    return tmp_path


def test_what_is_new_or_differs_from_the_last_commit_has_changed(repository: Path) -> None:
    (repository / "1.py").write_text("1")
    (repository / "new.py").write_text("")
    assert checking.changed() == ["1.py", "new.py"]
    assert checking.changed("HEAD~1") == ["1.py", "2.py", "new.py"]


def test_what_others_have_landed_since_is_not_checked(repository: Path) -> None:
    for command in (
        ["switch", "--create", "mine", "HEAD~1"],
        ["-c", "user.name=a", "-c", "user.email=a", "commit", "--allow-empty", "-m", "b"],
    ):
        subprocess.run(["git", *command], cwd=repository, check=True, capture_output=True)
    (repository / "mine.py").write_text("")
    assert checking.changed("@{-1}") == ["mine.py"]


@pytest.mark.usefixtures("repository")
def test_where_nothing_differs_the_last_commit_is_checked() -> None:
    assert checking.changed() == ["2.py"]


def test_without_a_repository_a_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checking, "ROOT", tmp_path)
    monkeypatch.setenv("LC_ALL", "C")
    assert checking.main([]) == 1
    assert "not a git repository" in capsys.readouterr().out


def test_a_failure_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checking, "changed", lambda *_: ["a.py"])
    monkeypatch.setattr(checking, "commands", lambda _: [["this"], ["json.tool", "--help"]])
    assert checking.main([]) == 0
    monkeypatch.setattr(checking, "commands", lambda _: [["no_such_module"], ["this"]])
    assert checking.main([]) == 1
    assert "failed: no_such_module" in capsys.readouterr().out
