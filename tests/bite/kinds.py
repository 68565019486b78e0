"""Faults of kinds that a stranger would plant: what files agree on, tests, both editions."""

import json

import nbformat

from tests.bite.plant import Change, Plant, documented, first, swap

TOC, CONFIG, PROJECT = "_toc.yml", "_config.yml", "pyproject.toml"
PRACTICE, ALGORITHM = "book/05-practice.ipynb", "book/03-algorithm.ipynb"
CONCEPTS = "book/02-concepts.ipynb"
SCORING, MASKS = "qkv_lib/formula/scoring.py", "qkv_lib/formula/masks.py"
HOOKS, LINKS = ".pre-commit-config.yaml", ".github/workflows/links.yml"
CAUSAL = "qkv_lib/practice/exercises/chapter_3/exercise_3_2_causal_mask.py"
LOCALE = "book/locale/zh_CN/LC_MESSAGES"

ORDER, AGREE = ("tests/book/test_order.py",), ("tests/workshop/test_agreement.py",)
SOURCES, DOCS = ("tests/workshop/test_sources.py",), ("tests/workshop/test_docs.py",)
STEP, STRICT = ("tests/book/test_chinese.py",), ("tests/workshop/test_strict.py",)
TASKS = ("tests/shapes/test_tasks.py",)
SIGNATURES = ("tests/test_signatures.py",)


def exchanged(one: str, two: str) -> Change:
    """Exchange two texts that stand in the file once each."""

    def change(text: str) -> str:
        if (text.count(one), text.count(two)) != (1, 1):
            raise LookupError(f"not once each in the file: {one!r}, {two!r}")
        return text.replace(one, "\0").replace(two, one).replace("\0", two)

    return change


def captions(one: str, two: str) -> Change:
    """Exchange the captions of the figures of two cells."""

    def change(text: str) -> str:
        cells = {each.id: each for each in nbformat.reads(text, as_version=4).cells}
        first_, second = (json.dumps(cells[name].metadata["mystnb"]["figure"]["caption"],
                                     ensure_ascii=False) for name in (one, two))  # fmt: skip
        return exchanged(first_, second)(text)

    return change


def quiz(old: str, new: str) -> Change:
    """Replace words in what the quiz answers to the first wrong option that has them."""
    return first(rf"(:::\{{wrong\}}(?:(?!:::\{{)[\s\S])*?){old}", rf"\1{new}")


PAGES = [
    Plant("two chapters exchanged in the contents", TOC,
          exchanged("03-algorithm", "04-mathematics"), ORDER),
    Plant("two sections exchanged in the contents", TOC,
          exchanged("08-1-memory", "08-2-choice"), ORDER),
    Plant("a question to guess that looks like a note", PRACTICE,
          first(r":class: predict", ":class: note"), ORDER),
    Plant("a common mistake that looks like a tip", CONCEPTS,
          first(r":class: warning", ":class: tip"), ORDER),
    Plant("a number with a comma at the wrong place", PRACTICE,
          swap("error on 20,000 new bags", "error on 20,00 new bags"), ORDER),
    Plant("a number without its comma", PRACTICE,
          swap("error on 20,000 new bags", "error on 20000 new bags"), ORDER),
]  # fmt: skip

FILES = [
    Plant("an upper bound below the pin", PROJECT,
          swap('"numpy>=2.0"', '"numpy>=2.0,<2.2"'), AGREE),
    Plant("a version that is not exact", "requirements/notebooks.txt",
          first(r"^(keras==[\d.]+)$", r"\1,<99"), AGREE),
    Plant("Binder with another Python", ".binder/runtime.txt", first(r"3\.11", "3.12"), AGREE),
    Plant("Binder without the constraints", ".binder/postBuild",
          swap(" --constraint constraints.txt", ""), AGREE),
    Plant("another licence in the README", "README.md", swap("Code: MIT (", "Code: BSD ("), AGREE),
    Plant("another licence in the citation", "CITATION.cff",
          swap("CC-BY-4.0", "CC-BY-SA-4.0"), AGREE),
    Plant("links that nobody tries", LINKS, swap("--builder linkcheck", "--builder html"), AGREE),
    Plant("links that are left out", CONFIG,
          swap("    language: en\n", '    language: en\n    linkcheck_ignore: [".*"]\n'), AGREE),
    Plant("a hook that mends in place of checking", HOOKS,
          swap("ruff format --check --force", "ruff format --force"), AGREE),
    Plant("a hook that looks at no notebook", HOOKS, swap(r"^(book/.*\.ipynb|_toc", "^(_toc"),
          AGREE),
    Plant("an extension of the book that is not switched on", CONFIG,
          swap("    glossary_links: book/_ext\n", ""), AGREE),
    Plant("a part of Markdown that is not switched on", CONFIG,
          swap("    - attrs_block\n", ""), AGREE),
    Plant("docstrings that nobody parses", CONFIG, swap("    - sphinx.ext.napoleon\n", ""), AGREE),
    Plant("an example of the README that prints something else", "README.md",
          swap("[3.97, 4.97]", "[3.79, 4.97]"), DOCS),
    Plant("an example of the Chinese README that prints something else", "README.zh.md",
          swap("[3.99, 4.99]", "[3.99, 4.90]"), DOCS),
]  # fmt: skip

CODE = [
    Plant("a test whose body is gone", "tests/formula/test_masks.py",
          first(r"^(def test_.*:\n)(?:    .*\n|\n(?=    ))+", r"\1    pass\n"), SOURCES),
    Plant("a test that returns before it asserts", "tests/formula/test_heads.py",
          first(r"^(def test_.*:\n)", r"\1    return\n"), SOURCES),
    Plant("an assert that is always true", "tests/formula/test_masks.py",
          first(r"^    assert .*$", "    assert True"), SOURCES),
    Plant("a list of words that is emptied", "tests/promises.py",
          first(r"COMMON = \{[^}]*\}", "COMMON = set()"), SOURCES),
    Plant("a list of names that is emptied", "workshop/chinese/words.py",
          first(r"PLAIN = frozenset\(\{[^)]*\}\)", "PLAIN = frozenset()"), SOURCES),
    Plant("a seed for the whole program", SCORING,
          first(r"^    xp = ", "    import numpy as np\n\n    np.random.seed(0)\n    xp = "),
          SOURCES),
    Plant("a seed for all of torch", "qkv_lib/layers/initialise.py",
          first(r"^    rng = |^    for ", "    torch.manual_seed(0)\n    for "), SOURCES),
    Plant("a docstring that names the wrong width", "qkv_lib/formula/heads.py",
          first(r"of shape \(\.\.\., n, h · d\)", "of shape (..., n, d, h)"),
          documented("qkv_lib.formula.heads")),
    Plant("a docstring with two axes exchanged", "qkv_lib/measures/maps.py",
          first(r"of shape \(\.\.\., h, n, n\)", "of shape (..., h, n, 7)"),
          documented("qkv_lib.measures.maps")),
    Plant("an error that names another bound", "qkv_lib/data/planted.py",
          swap("needs 0 to 14", "needs 5 to 19"), SIGNATURES),
]  # fmt: skip

EDITIONS = [
    Plant("captions of two figures exchanged", ALGORITHM,
          captions("ch03-causal-figure", "ch03-mask-shapes"), STEP),
    Plant("a word of a caption", ALGORITHM,
          swap("Over the keys, each row sums to 1; over the queries",
               "Over the queries, each row sums to 1; over the keys"), STEP),
    Plant("the stars of an exercise", PRACTICE, first("★★ Write", "★ Write"), STEP),
    Plant("a measured number of the text", "book/04-mathematics.ipynb",
          first(r"get 0\.45 each", "get 0.54 each"), STEP),
    Plant("an inline formula with a term too many", "book/01-background.ipynb",
          first(r"key \$k_j\$ are rows of \$d_k\$", "key $k_j$ are rows of $d_v$"), STEP),
    Plant("feedback of the quiz turned round", CONCEPTS, quiz("does not", "does"), STEP),
    Plant("two paragraphs of the home page exchanged", "book/index.md",
          exchanged("Read the first five in order", "To look things up"), STEP),
    Plant("what to look at exchanged between two mistakes", CAUSAL,
          exchanged("True means may attend", "rows are queries, columns are keys"), STEP),
    Plant("a letter that no task has in the shape of a solution", "book/08-1-memory.ipynb",
          swap("# (..., h, n, d_c)", "# (..., h, n, d_h)"), TASKS),
    Plant("another letter of the task in the shape of a solution", "book/01-background.ipynb",
          swap("keys.T  # (n_q, n_k)", "keys.T  # (n_k, n_q)"), TASKS),
    Plant("Chinese: a number changed", f"{LOCALE}/01-background.po",
          first("约35分钟", "约25分钟"), STEP),
    Plant("Chinese: a link to another page", f"{LOCALE}/03-algorithm.po",
          first(r"(?<=^msgstr ).*\(02-concepts\.ipynb\)", lambda found: found[0].replace(
              "02-concepts", "04-mathematics")), STEP),
    Plant("Chinese: a negation dropped", f"{LOCALE}/03-algorithm.po",
          swap("没有一行权重的和是1。", "每一行权重的和都是1。"), STEP),
    Plant("Chinese: query and key exchanged", f"{LOCALE}/03-algorithm.po",
          swap("每个查询都与每个键比较。", "每个键都与每个查询比较。"), STEP),
    Plant("Chinese: smaller for larger", f"{LOCALE}/01-background.po",
          swap("参数：注意力的参数更多。", "参数：注意力的参数更少。"), STEP),
    Plant("Chinese: a sentence left out", f"{LOCALE}/01-background.po",
          first(r'^(msgstr "[^"$`{]{40,60}。)[^"$`{]{40,}"$', r'\1"'), STEP),
    Plant("Chinese: an inline formula", f"{LOCALE}/01-background.po",
          swap("查询$q$和每个键$k_j$都是", "查询$q$和每个键$k_i$都是"), STEP),
    Plant("Chinese: query and key exchanged where their order is answered for",
          f"{LOCALE}/03-algorithm.po",
          swap("遮住与查询相隔$w$个位置或更远的键", "遮住与键相隔$w$个位置或更远的查询"), STEP),
]  # fmt: skip

PLANTS = [*PAGES, *FILES, *CODE, *EDITIONS]
