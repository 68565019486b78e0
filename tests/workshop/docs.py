"""What the documents tell people to type, to open and to look for, and whether it is there."""

import importlib.util
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from workshop.commands import COMMANDS
from workshop.pages import BOOK, ROOT, listed_pages, tracked

DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "README.zh.md", "CONTRIBUTING.md")),
    ROOT / "tests" / "bite" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *(page for page in listed_pages() if page.suffix == ".md" and page.parent.name != "library"),
]
SHELL = re.compile(r"^( *)```(?:bash|sh|shell)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
FENCED = re.compile(r"^ *(`{3,})[^\n]*\n.*?^ *\1", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<![`}\w])`([^`\n]+(?:\n[^`\n]+)?)`(?!`)")
MATH = re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$", re.DOTALL)

# Programs that are no part of this repository.
OTHERS = {"docker", "git", "grep", "jupyter-book", "jupyter-repo2docker", "nbdiff", "nbdiff-web",
          "nbdime", "pip", "pre-commit", "helm", "cd", "sudo"}  # fmt: skip
MADE = (
    "_build",
    ".venv",
    "my-notebooks",
    "progress.json",
    "conf.py",
    "book/locale/zh_CN/complete.txt",
)  # by commands
SUFFIXES = r"py|js|css|md|txt|toml|yml|bib|ipynb|json|cff"
FILE = re.compile(rf"[\w.*-]+(?:/[\w.*-]+)*(?:/|\.(?:{SUFFIXES}))(?:::\w+(?:\[.*\])?)?")
PLACEHOLDER = re.compile(r"<\w+>|\b(?:NN|PATH|NAME)\b|_name\b")
NAME = re.compile(r"[A-Za-z_]\w+")
EXAMPLES = {"e_dot"}  # names that a document makes up
SETTING = re.compile(r"[A-Z][A-Z_]+=\S*")
IN_FILE = re.compile(r"`([A-Z_]\w+)`\s+(?:of|in)\s+`([\w/.-]+\.py)`")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


class Code(NamedTuple):
    """Something written as code, the file that it stands in, and whether people are to type it."""

    text: str
    document: Path
    typed: bool


def codes(document: Path) -> Iterator[Code]:
    """Yield each line of a block for the shell, and each span of code in a sentence."""
    text = document.read_text(encoding="utf-8")
    for block in SHELL.finditer(text):
        yield from (Code(line.strip(), document, True) for line in joined(block[2]) if line.strip())
    for span in SPAN.findall(MATH.sub("", FENCED.sub("", text))):
        yield Code(re.sub(r"\s+", " ", span), document, False)


def joined(block: str) -> list[str]:
    """Return the lines of a shell block, those that go on in the next one joined, no comments."""
    return re.sub(r"\s+#.*|^#.*", "", block.replace("\\\n", " "), flags=re.MULTILINE).splitlines()


def faults(code: Code) -> list[str]:
    """Return what is not there of what a document names."""
    words = code.text.split()
    if code.typed or is_command(words):
        return [fault for part in re.split(r" (?:&&|\|) ", code.text) for fault in command(part)]
    if FILE.fullmatch(code.text):
        return [] if is_there(code.text, code.document) else [f"no file {code.text}"]
    if re.fullmatch(r"qkv_lib(?:\.\w+)+", code.text):
        return [] if resolves(code.text) else [f"no module or name {code.text}"]
    if NAME.fullmatch(code.text) and code.text not in known(code.document) | EXAMPLES:
        return [f"no source has the name {code.text}"]
    return []


def known(document: Path) -> set[str]:
    """Return the names that a document may use: the map names files, folders and classes."""
    if document.stem != "map":
        return sources()
    stems = {Path(part).stem for place in places() for part in place.split("/")}
    return stems | {name for name in sources() if name[0].isupper()}


def misplaced(document: Path) -> list[str]:
    """Return names that a sentence puts into the wrong file, and links that lead nowhere."""
    text = document.read_text(encoding="utf-8")
    found = []
    for name, file in IN_FILE.findall(text):
        holders = [ROOT / each[1:] for each in places() if each.endswith(f"/{file}")]
        if not any(re.search(rf"^{name}\b", path.read_text("utf-8"), re.M) for path in holders):
            found.append(f"no {name} in {file}")
    if document.is_relative_to(BOOK):  # the build looks at the links of pages
        return found
    links = LINK.findall(FENCED.sub("", re.sub(r"`[^`]*`", "", text)))
    return found + [f"no file {each}" for each in links if not (document.parent / each).exists()]


def is_command(words: list[str]) -> bool:
    """Tell whether a span is something to type: a program of ours, and what it is given."""
    while words and SETTING.fullmatch(words[0]):
        words = words[1:]
    return not words or (len(words) > 1 and words[0] in {"make", "python", "pytest"})


def command(text: str) -> list[str]:
    """Return what is wrong with one command."""
    words = shlex.split(text)
    settings = [word for word in words if SETTING.fullmatch(word)]
    found = [f"nothing reads {each}" for each in settings if not is_read(each.partition("=")[0])]
    program, *given = [word for word in words if word not in settings] or [""]
    match [program, *given]:
        case ["make", *names] | ["python", "make.py", *names]:
            found += [f"no command {each} of make" for each in names if each not in COMMANDS]
        case ["python", "-m", module, *_]:
            found += [] if importlib.util.find_spec(module) else [f"no module {module}"]
        case ["pytest", place, *_] if not is_there(place, ROOT):
            found.append(f"no file {place}")
        case ["pytest", *_] | [""]:
            pass
        case [_, *_] if program not in OTHERS and not program.startswith(".venv/bin/"):
            found.append(f"no program {program} that we know of")
    files = [each for each in (*given, *(s.partition("=")[2] for s in settings))
             if FILE.fullmatch(each)]  # fmt: skip
    return found + [f"no file {each}" for each in files if not is_there(each, ROOT)]


def is_there(name: str, document: Path) -> bool:
    """Tell whether a path leads somewhere: from the root, from the document, or as the end of one.

    What commands make need not be there.
    """
    name = name.partition("::")[0].rstrip("/")
    if PLACEHOLDER.search(name) or name.startswith(MADE):
        return True
    if "*" in name:
        return any(ROOT.glob(name))
    return (document.parent / name).exists() or any(f"{path}/".endswith(f"/{name}/")
                                                    for path in places())  # fmt: skip


@cache
def places() -> set[str]:
    """Return every file that git knows of, and every folder of one, from the root."""
    files = [path.relative_to(ROOT) for path in tracked(ROOT)]
    return {f"/{each.as_posix()}" for path in files for each in (path, *path.parents)}


@cache
def sources() -> set[str]:
    """Return every name that stands in the sources."""
    kinds = {".py", ".js", ".css", ".toml", ".yml", ".ipynb", ".txt"}
    texts = (path.read_text(encoding="utf-8") for path in tracked(ROOT) if path.suffix in kinds)
    return {name for text in texts for name in NAME.findall(text)}


def is_read(setting: str) -> bool:
    """Tell whether a program or the Makefile reads a setting of the environment."""
    files = [path for path in tracked(ROOT) if path.suffix == ".py" or path.name == "Makefile"]
    reads = rf"""environ[^\n]*["']{setting}["']|^{setting} :=|^export .*\b{setting}\b"""
    pattern = re.compile(reads, re.MULTILINE)
    return any(pattern.search(path.read_text(encoding="utf-8")) for path in files)


def resolves(dotted: str) -> bool:
    """Tell whether a dotted name of the library is a module, or a name in one."""
    if importlib.util.find_spec(dotted) is not None:
        return True
    module, _, name = dotted.rpartition(".")
    return hasattr(importlib.import_module(module), name)
