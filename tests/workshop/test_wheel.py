"""The library as others install it: its wheel, unpacked, used from an empty folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from workshop.pages import ROOT, tracked

BUILD = "from setuptools.build_meta import build_wheel; print(build_wheel('dist'))"
USE = """
import sys
sys.meta_path = [each for each in sys.meta_path if "editable" not in repr(each).lower()]
import numpy as np
import qkv_lib
from qkv_lib.data import load_digits
from qkv_lib.experiments import copying
from qkv_lib.experiments.canvases import load_canvas_vit
from qkv_lib.experiments.table import stored_table
from qkv_lib.explorers import steps
from qkv_lib.practice import grade

rows = np.array([[1.0, 2.0], [2.0, 3.0]])
assert qkv_lib.attention(rows, rows, rows).shape == (2, 2)
assert len(load_digits().test.images)
assert copying.TABLE.runs and stored_table("speed")["rows"]
assert sum(each.numel() for each in load_canvas_vit().parameters()) > 1000
assert grade("received", lambda weights: weights.sum(axis=-2)).status == "right"
assert "<script" in steps(rows, rows, rows, tokens=["a", "b"])._repr_html_()
print(*{each.__file__ for name, each in sys.modules.items() if name.startswith("qkv_lib")})
"""


# An installation for developers would give what the wheel lacks, so its finder is taken away.


def run(program: str, folder: Path, **settings: str) -> str:
    """Run a program in a folder, without what the caller's Python adds, and return its output."""
    environment = os.environ | {"PYTHONPATH": ""} | settings
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of the sources, and unpack it."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("target")
    about = [ROOT / name for name in ("pyproject.toml", "README.md", "LICENSE")]
    for path in [*about, *tracked(ROOT / "qkv_lib")]:
        copy = source / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    name = run(BUILD, source).split()[-1]
    ZipFile(source / "dist" / name).extractall(target)
    return target


def test_the_wheel_works_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    used = run(USE, tmp_path, PYTHONPATH=str(installed))
    assert len(used.split()) > 20
    assert [file for file in used.split() if not Path(file).is_relative_to(installed)] == []


def test_the_wheel_holds_the_library_and_nothing_else(installed: Path) -> None:
    names = {path.name.partition("-")[0] for path in installed.iterdir()}
    assert names == {"qkv_lib"}
