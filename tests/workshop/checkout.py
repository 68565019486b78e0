"""A scratch checkout with the real make.py, real environments and packages of a few bytes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.workshop.wheels import wheel
from workshop.pages import ROOT

# What Jupyter Book's stand-in does: it notes what it was told, and makes the page.
BUILDER = """
import json, os, pathlib, sys
def main():
    log = pathlib.Path("_build/calls.json")
    calls = json.loads(log.read_text()) if log.exists() else []
    kept = pathlib.Path("_build/.doctrees/kept").exists()
    log.write_text(json.dumps([*calls, {"kept": kept, "env": dict(os.environ), "path": sys.path}]))
    if pathlib.Path("fail").exists():
        sys.exit(3)
    if pathlib.Path("hang").exists():
        os.kill(os.getppid(), 9)
        sys.exit(1)
    for name in ("_build/.doctrees/kept", "_build/html/book/index.html"):
        path = pathlib.Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
"""
BACKEND = """
from pathlib import Path
import wheels
def build_editable(folder, *_):
    return wheels.wheel(Path(folder), "qkv-lib", "0.1.0", {"qkv.pth": str(Path.cwd())})
"""
PACKAGES = {
    "torch": {"torch/__init__.py": "", "torch/data.txt": "x" * 1000},
    "jupyter-book": {
        "jupyter_book/__init__.py": "",
        "jupyter_book/cli/__init__.py": "",
        "jupyter_book/cli/main.py": BUILDER,
        "jupyter_book/sphinx.py": "def build_sphinx(*_, **options): return 0",
    },
    "jupyterlab": {"jupyterlab.py": "print('Lab')"},
    "pytest": {"pytest.py": "import os, sys; print(sys.argv[1:], os.environ['OMP_NUM_THREADS'])"},
}
GROUPS = {
    "installer": [],
    "library": ["torch"],
    "book": ["jupyter-book"],
    "notebooks": ["jupyterlab"],
    "proof": ["pytest"],
}


@dataclass
class Checkout:
    """A folder with make.py, the modules behind it and lists of packages."""

    root: Path
    wheels: Path

    def make(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command of make.py as a reader does, packages coming from the folder of wheels."""
        return subprocess.run(
            [sys.executable, "make.py", *arguments],
            cwd=self.root, capture_output=True, text=True, encoding="utf-8", timeout=120,
            env=self.environment() | environment,
        )  # fmt: skip

    def environment(self) -> dict[str, str]:
        """Return the environment of a reader who has this folder's packages and no others."""
        sources = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels), "PYTHONUTF8": "1"}
        kept = {key: os.environ[key] for key in ("PATH", "SYSTEMROOT", "TEMP") if key in os.environ}
        return kept | sources | {"HOME": str(self.root.parent / "home")}

    def asked(self, expression: str) -> str:
        """Return what an expression about `workshop.environment` is in this checkout."""
        code = f"from workshop.environment import *; print({expression})"
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=self.root, capture_output=True, check=True, text=True)
        return done.stdout.strip()

    def site(self) -> Path:
        """Return the folder of installed packages."""
        (found,) = self.root.glob(".venv/[Ll]ib/**/site-packages")
        return found

    def builds(self) -> list[dict[str, object]]:
        """Return what each build was told so far."""
        log = self.root / "_build" / "calls.json"
        return list(json.loads(log.read_text(encoding="utf-8"))) if log.exists() else []


def begin(folder: Path) -> Checkout:
    """Return a checkout in which nothing is installed yet."""
    root, wheels = folder / "check out 书", folder / "wheels"
    for each in (root / "requirements", wheels):
        each.mkdir(parents=True)
    shutil.copy(ROOT / "make.py", root)
    shutil.copytree(ROOT / "workshop", root / "workshop", ignore=shutil.ignore_patterns("__py*"))
    # The notebooks of a scratch book are none: what lays them goes on to JupyterLab at once.
    (root / "workshop" / "copies" / "__main__.py").write_text("import jupyterlab")
    looks = ("book/_ext/a.py", "book/_static/custom.css", "qkv_lib/explorers/speak.js")
    for name in ("_config.yml", "_toc.yml", *looks):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    for group, names in GROUPS.items():
        lines = "".join(f"{name}==1.0\n" for name in names)
        (root / "requirements" / f"{group}.txt").write_text(f"# a comment\n{lines}")
    (root / "constraints.txt").write_text("".join(f"{name}==1.0\n" for name in PACKAGES))
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "qkv-lib"\nversion = "0.1.0"\n[tool.setuptools]\n'
    )
    (root / "backend.py").write_text(BACKEND)
    shutil.copy(Path(__file__).with_name("wheels.py"), root)
    for name, files in PACKAGES.items():
        wheel(wheels, name, "1.0", files)
    return Checkout(root, wheels)
