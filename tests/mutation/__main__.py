"""Break the ground floor in one place at a time, in a scratch copy; run by `make mutants`."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from workshop.pages import ROOT

SCRATCH = ROOT / "_build" / "mutants"
TESTS = (
    "__init__", "arrays", "reference", "refusals", "test_attention", "formula/__init__",
    "formula/test_checks", "formula/test_heads", "formula/test_masks",
)  # fmt: skip


def main() -> None:
    """Copy the library and its tests, and let mutmut rewrite the copy."""
    shutil.rmtree(SCRATCH, ignore_errors=True)
    shutil.copytree(ROOT / "qkv_lib", SCRATCH / "qkv_lib")
    (SCRATCH / "tests" / "formula").mkdir(parents=True)
    for name in TESTS:
        shutil.copy(ROOT / "tests" / f"{name}.py", SCRATCH / "tests" / f"{name}.py")
    here = Path(__file__).parent
    shutil.copy(here / "profile.py", SCRATCH / "tests" / "conftest.py")
    shutil.copy(here / "mutmut.toml", SCRATCH / "pyproject.toml")
    mutmut = mutmut_beside(sysconfig.get_path("purelib"))
    subprocess.run([mutmut, "run", "--max-children", "2"], cwd=SCRATCH, check=True)
    subprocess.run([mutmut, "results"], cwd=SCRATCH, check=True)


def mutmut_beside(packages: str) -> Path:
    """Return mutmut in an environment of its own, which sees the packages of this one."""
    venv = SCRATCH / ".venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    python = venv / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "mutmut==3.8.1"], check=True)
    (site,) = venv.glob("lib/*/site-packages")
    (site / "project.pth").write_text(packages + "\n", encoding="utf-8")
    return venv / "bin" / "mutmut"


if __name__ == "__main__":
    main()
