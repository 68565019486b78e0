"""Resolve the requirements anew, in a scratch environment, and rewrite `constraints.txt`.

Run as ``python -m workshop.lock``.
"""

import shutil
import subprocess
import sys

from workshop.children import ROOT
from workshop.environment import TORCH_CPU

SCRATCH = ROOT / "_build" / "lock"
HEAD = """# The full resolved set for Python 3.11, written by `make lock`: do not edit.
# CUDA packages are absent: a plain torch wheel pins its own.
"""


def main() -> None:
    """Install everything in a scratch environment and write down what came."""
    shutil.rmtree(SCRATCH, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(SCRATCH)], check=True)
    (python,) = [path for path in SCRATCH.glob("*/python*") if path.stem == "python"]
    pip = [str(python), "-m", "pip"]
    listed = (ROOT / "requirements" / "library.txt").read_text(encoding="utf-8").splitlines()
    torch = next(line for line in listed if line.startswith("torch=="))
    for what in ([*TORCH_CPU, torch], ["--requirement", "requirements.txt"]):
        subprocess.run([*pip, "install", "--quiet", *what], cwd=ROOT, check=True)
    freeze = [*pip, "freeze", "--all", "--exclude", "pip"]
    found = subprocess.run(freeze, check=True, capture_output=True, text=True).stdout
    lines = found.replace("+cpu\n", "\n")
    (ROOT / "constraints.txt").write_text(HEAD + lines, encoding="utf-8", newline="\n")
    shutil.rmtree(SCRATCH)


if __name__ == "__main__":
    main()
