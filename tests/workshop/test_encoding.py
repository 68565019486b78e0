"""Text is read as UTF-8 everywhere, on Windows too, where a system has another encoding."""

import subprocess
import sys
from pathlib import Path

import pytest

from workshop.pages import ROOT, tracked

RULE = [sys.executable, "-m", "ruff", "check", "--preview", "--select", "PLW1514", "--quiet"]


def test_code_and_notebooks_name_the_encoding() -> None:
    # Only what git tracks: others may have left a file here, a test beside this one too.
    sources = [str(path) for path in tracked(ROOT) if path.suffix in {".py", ".ipynb"}]
    assert len(sources) > 500
    done = subprocess.run(
        [*RULE, "--force-exclude", *sources], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("line", ['Path("a").read_text()', 'open("a")', 'Path("a").write_text("")'])
def test_what_names_none_is_found(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.py").write_text(f"from pathlib import Path\n{line}\n", encoding="utf-8")
    done = subprocess.run([*RULE, "--isolated", "."], cwd=tmp_path, capture_output=True)
    assert done.returncode == 1
