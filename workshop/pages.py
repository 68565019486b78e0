"""The pages of the book: which they are, and what their Markdown holds."""

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import nbformat
import yaml
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser
from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"

# Directives whose content is no Markdown.
VERBATIM = {"code", "code-block", "code-cell", "literalinclude", "bibliography", "raw", "eval-rst"}


def listed_pages() -> list[Path]:
    """Return the source file of each page in `_toc.yml`."""
    names = parse_toc_yaml(ROOT / "_toc.yml").keys()
    return [_source(ROOT / name) for name in names]


def tracked(folder: Path) -> list[Path]:
    """Return the files in a folder that git tracks: none that an editor or a reader left there.

    Where there is no git, or no repository, they are all files but hidden ones and what was built.
    """
    command = ["git", "ls-files", "-z", "--", str(folder)]
    try:
        names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        inside = ((path, path.relative_to(folder).parts) for path in folder.rglob("*.*"))
        made = {"_build", "htmlcov", "__pycache__"}
        return [
            path
            for path, parts in inside
            if not made & set(parts) and not any(part[0] == "." for part in parts)
        ]
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).exists()]


def _source(stem: Path) -> Path:
    for suffix in (".ipynb", ".md"):
        if (page := stem.parent / (stem.name + suffix)).exists():
            return page
    raise FileNotFoundError(f"_toc.yml lists {stem.relative_to(ROOT)}: no .ipynb or .md there")


def markdown_parts(page: Path) -> list[str]:
    """Return the Markdown of a page: one text for a file, one per cell for a notebook."""
    if page.suffix == ".md":
        return [page.read_text(encoding="utf-8")]
    cells = nbformat.read(page, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "markdown"]


@cache
def _parser() -> MarkdownIt:
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    extensions = set(config["parse"]["myst_enable_extensions"])
    return create_md_parser(MdParserConfig(enable_extensions=extensions), RendererHTML)


def top_tokens(text: str) -> list[Token]:
    """Return the tokens of MyST Markdown; a directive is one."""
    return _parser().parse(text)


def tokens(text: str) -> Iterator[Token]:
    """Yield each token of MyST Markdown, those inside directives too, depth first."""
    for token in top_tokens(text):
        yield token
        yield from token.children or ()
        if directive(token) and directive(token) not in VERBATIM | {"math"}:
            yield from tokens(directive_body(token))


def inline_tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of one line of Markdown."""
    for block in _parser().parseInline(text):
        yield from block.children or ()


def inline(text: str) -> Iterator[str]:
    """Yield what stands in one line of Markdown: the types of its tokens, without their ends."""
    for token in inline_tokens(text):
        if not token.type.endswith("_close"):
            yield token.type.removesuffix("_open")


def directive(token: Token) -> str | None:
    """Return the name of the directive that a fence token opens, if it opens one."""
    info = token.info.strip()
    if token.type in {"fence", "colon_fence"} and info.startswith("{"):
        return info[1 : info.index("}")]
    return None


def directive_body(token: Token) -> str:
    """Return the content of a directive without its options."""
    lines = token.content.splitlines()
    while lines and lines[0].startswith(":") and not lines[0].startswith(":::"):
        lines.pop(0)
    return "\n".join(lines)


def directive_option(token: Token, name: str) -> str | None:
    """Return the value of the option `:name:` of a directive, if it is there."""
    for line in token.content.splitlines():
        if line.startswith(f":{name}:"):
            return line.partition(f":{name}:")[2].strip()
    return None
