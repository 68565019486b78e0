"""Install, build and test the course with nothing but Python, where there is no make.

Run as ``python make.py book`` and ``python make.py test``; `help` lists the rest.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BUILT = ROOT / "_build"
SITE = BUILT / "html"
INSTALLED, FRESH = VENV / ".installed", BUILT / ".fresh"

OLDEST, NEWEST = (3, 11), (3, 13)
# A +cpu wheel sorts above the plain one of the same version (which brings CUDA on Linux).
TORCH_CPU = ["--extra-index-url", "https://download.pytorch.org/whl/cpu"]
# Its module does nothing when it is run by name.
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"
BUILD_OPTIONS = ["build", ".", "-W", "-n", "--keep-going", "--quiet"]
CONSTRAINTS = ["--constraint", "constraints.txt"]


def main(arguments: list[str]) -> int:
    """Run one command; return 0 where all went well."""
    name, *options = arguments or ["help"]
    if name not in COMMANDS:
        print(f"no command is called {name!r}; there are {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    try:
        COMMANDS[name](options)
    except subprocess.CalledProcessError as error:
        return int(error.returncode) or 1
    return 0


def book(_options: list[str]) -> None:
    """Install what is missing, build the book and print the path of the page to open."""
    if stale(INSTALLED, [ROOT / name for name in ("requirements.txt", "constraints.txt")]):
        install([])
    build([])


def test(options: list[str]) -> None:
    """Build the book, then prove everything: library, equations, notebooks, built pages."""
    book([])
    prove(options)


def install(_options: list[str]) -> None:
    """Make .venv and install what is pinned into it."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        have = "{}.{}".format(*sys.version_info)
        sys.exit(f"Python 3.11, 3.12 or 3.13 is needed; this is {have}")
    if not python().exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    torch = next(line for line in lines if line.startswith("torch=="))
    print(f"Installing {torch}", flush=True)
    try:
        pip("--retries", "0", *TORCH_CPU, *CONSTRAINTS, torch)
    except subprocess.CalledProcessError:  # PyTorch's own index cannot be reached
        pip(*CONSTRAINTS, torch)
    print("Installing the rest", flush=True)
    pip("--requirement", "requirements.txt", *CONSTRAINTS)
    pip("--quiet", "--no-deps", "--no-build-isolation", "--editable", ".")
    compile_packages()
    INSTALLED.touch()


def build(_options: list[str]) -> None:
    """Build the book; every warning is an error."""
    sources = [ROOT / "_config.yml", ROOT / "_toc.yml", INSTALLED]
    folders = ("book/_ext", "book/_static", "book/_templates")
    looks = [
        path for name in folders for path in (ROOT / name).rglob("*.*") if path.suffix != ".pyc"
    ]
    if stale(FRESH, [*sources, *looks]):  # Sphinx writes only changed pages; these change all
        for folder in ("html", ".doctrees", "jupyter_execute"):
            shutil.rmtree(BUILT / folder, ignore_errors=True)
        BUILT.mkdir(exist_ok=True)
        FRESH.touch()
    try:
        call("-c", JUPYTER_BOOK, *BUILD_OPTIONS)
    except subprocess.CalledProcessError:
        shutil.rmtree(BUILT / ".doctrees", ignore_errors=True)  # or the next build forgets them
        print("The book has warnings or errors: they are listed above.", file=sys.stderr)
        raise
    home = SITE / "book" / "index.html"
    if not home.exists():
        sys.exit(f"The book was built, but {home} is not there")
    print(f"Open {home}")


def prove(options: list[str]) -> None:
    """Run the tests on what is installed and built; options go to pytest."""
    run("pytest", "-n", "2", "--dist", "loadscope", "--nbval", "--nbval-cell-timeout=300", *options)


def usage(_options: list[str]) -> None:
    """List the commands."""
    for name, command in COMMANDS.items():
        print(f"python make.py {name:8} {(command.__doc__ or '').splitlines()[0]}")


COMMANDS: dict[str, Callable[[list[str]], None]] = {
    "book": book,
    "test": test,
    "install": install,
    "build": build,
    "prove": prove,
    "help": usage,
}


def python() -> Path:
    """Return the Python of the environment."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def run(module: str, *arguments: str) -> None:
    """Run a module in the environment, from the root."""
    call("-m", module, *arguments)


def call(*arguments: str) -> None:
    """Call the environment's Python, from the root; its notebooks compute on THREADS threads."""
    # The same everywhere, so that a sum of floats is taken in the same order when compared.
    settings = {"OMP_NUM_THREADS": os.environ.get("THREADS") or "1", "PYTHONUTF8": "1"}
    if seed := os.environ.get("SEED"):
        settings["PYTHONHASHSEED"] = seed
    command = [str(python()), *arguments]
    subprocess.run(command, cwd=ROOT, env=os.environ | settings, check=True)


def pip(*arguments: str) -> None:
    """Install something into the environment."""
    run("pip", "--disable-pip-version-check", "install", "--no-compile", *arguments)


def compile_packages() -> None:
    """Compile what is installed, on every core: pip does so on one, and takes twice as long."""
    never_imported = r"[\\/]tests[\\/]"
    options = ["-qq", "-j", "0", "-x", never_imported]
    with suppress(subprocess.CalledProcessError):  # some files are for newer versions of Python
        call("-W", "ignore", "-m", "compileall", *options, str(VENV / "lib"))


def stale(target: Path, sources: Iterable[Path]) -> bool:
    """Tell whether a file is missing, or older than what it is made from."""
    if not target.exists():
        return True
    made = target.stat().st_mtime
    return any(source.stat().st_mtime > made for source in sources if source.exists())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
