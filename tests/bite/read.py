"""Faults of what is read: numbers, shapes, quotations, pointers, documents, verdicts, promises."""

from tests.bite.plant import BUILD, Change, Plant, add, cell, first, printed, source, swap

ALGORITHM, IMAGES, PATH = "book/03-algorithm.ipynb", "book/06-1-images.ipynb", "book/path.ipynb"
GLOSSARY, PROGRESS = "book/appendix/glossary.md", "book/_static/progress.js"
HEADS, STEPS = "qkv_lib/formula/heads.py", "qkv_lib/formula/steps.py"
CAUSAL = "qkv_lib/practice/exercises/chapter_3/exercise_3_2_causal_mask.py"
RESULTS = "qkv_lib/experiments/results"
MAP, README, CONTRIBUTING = "docs/map.md", "README.md", "CONTRIBUTING.md"
PAGES = "docs/pages.md"
PROJECT, CI, PUBLISH = "pyproject.toml", ".github/workflows/ci.yml", ".github/workflows/publish.yml"

NUMBERS, TERMS = ("tests/book/test_numbers.py",), ("tests/book/test_terms.py",)
POINTERS, WORDS = ("tests/book/test_pointers.py",), ("tests/book/test_words.py",)
SHAPES, DOCS = ("tests/shapes/test_shapes.py",), ("tests/workshop/test_docs.py",)
STRICT, WHEEL = ("tests/workshop/test_strict.py",), ("tests/workshop/test_wheel.py",)
ADVICE, PROMISES = ("tests/practice/test_advice.py",), ("tests/test_promises.py",)
AGREEMENT = ("tests/workshop/test_agreement.py",)
TABLES = ("tests/experiments/test_tables.py",)
BEHAVIOUR = (BUILD, "tests/book/test_behaviour.py")
RUN = ("--nbval", "--nbval-cell-timeout=300", PATH)


def both(*changes: Change) -> Change:
    """Make several changes of one file."""

    def change(text: str) -> str:
        for each in changes:
            text = each(text)
        return text

    return change


TEXT = [
    Plant("a number in the text that no cell prints", ALGORITHM,
          cell("ch03-hand-reading", source("gives 0.88", "gives 0.78")), NUMBERS),
    Plant("a whole number in the text that no cell prints", "book/08-outlook.ipynb",
          cell("ch08-lengths-read", source("196 patches", "194 patches")), NUMBERS),
    Plant("a misquotation of the article", IMAGES,
          swap("图像中的重要区域", "图像中的次要区域"), TERMS),
    Plant("two Chinese words of the glossary swapped", GLOSSARY,
          both(first('<span lang="zh">掩码</span>', '<span lang="zh">某</span>'),
               first('<span lang="zh">头</span>', '<span lang="zh">掩码</span>'),
               first('<span lang="zh">某</span>', '<span lang="zh">头</span>')), TERMS),
    Plant("a link to another chapter than its words say", GLOSSARY,
          first(r"\[chapter 2\]\(\.\./02-concepts", "[chapter 3](../02-concepts"), POINTERS),
    Plant("a link to another section that is there", GLOSSARY,
          first(r"02-concepts\.ipynb#what-each-of-the-three-does",
                "02-concepts.ipynb#self-attention-and-cross-attention"), POINTERS),
    Plant("another work cited", ALGORITHM, first(r"\{cite:t\}`vaswani2017`", "{cite:t}`lecun1998`"),
          POINTERS),
    Plant("a work with a wrong year", "book/references.bib", first(r"= \{2017\}", "= {2016}"),
          POINTERS),
    Plant("a word twice in a docstring", STEPS, first(r"Return the ", "Return the the "), WORDS),
    Plant("a word twice in a document", MAP,
          swap("Here is what folders", "Here is is what folders"), WORDS),
]  # fmt: skip

CODE = [
    Plant("a shape that a comment of a cell names wrongly", PATH,
          cell("path-code", source("# (9, 2)", "# (2, 9)")), RUN),
    Plant("a shape that a comment of the library names wrongly", HEADS,
          swap("# (..., n, h, d)", "# (..., h, n, d)"), SHAPES),
    Plant("the wrong shape of a bigger part", "qkv_lib/measures/pointing.py",
          swap("# (n, size, size)", "# (size, n)"), SHAPES),
    Plant("an error promised that is never raised", HEADS,
          first(r"(    ValueError\n)", r"\1        The colour of ``x`` is unknown. "), PROMISES),
    Plant("another kind of error promised", "qkv_lib/experiments/recall.py",
          first(r"    ValueError\n(        ``n`` is more)", r"    KeyError\n\1"), PROMISES),
]  # fmt: skip

DOCUMENTS = [
    Plant("a command that make does not have", README,
          swap("make lab    #", "make labs    #"), DOCS),
    Plant("a module that cannot be run", CONTRIBUTING,
          first(r"python -m workshop\.skeletons", "python -m workshop.skeleton"), DOCS),
    Plant("the map names a folder that is gone", MAP, first("`explorers`", "`explorations`"), DOCS),
    Plant("a setting that nothing reads", PAGES, first("QKV_AXE=all", "QKV_AXIS=all"), DOCS),
    Plant("a limit of memory in a command that is not that of the settings",
          "book/appendix/for-a-class.md", swap("limits.memory 2G", "limits.memory 1G"), AGREEMENT),
]  # fmt: skip

EXERCISES = [
    Plant("the text of one mistake under another's name", CAUSAL,
          swap('"nothing is hidden"', '"the keys are added up in place of the values"'), ADVICE),
    Plant("a skeleton that passes", ALGORITHM,
          cell("ch03-exercise-causal-yours",
               printed("causal-mask: not attempted yet.", "causal-mask: right.")), ADVICE),
    Plant("a solution that stores a verdict of not yet", ALGORITHM,
          cell("ch03-exercise-causal-solution",
               printed("causal-mask: right.", "causal-mask: not yet.")), ADVICE),
    Plant("an exercise's number used twice", ALGORITHM,
          first("### Exercise 3.3:", "### Exercise 3.2:"), ADVICE),
]  # fmt: skip

HOUSE = [
    Plant("warnings pass in the tests", PROJECT, swap('filterwarnings = ["error"]\n', ""), STRICT),
    Plant("a build without -W", "workshop/building.py", swap('"-W", ', ""), STRICT),
    Plant("data left out of the wheel", PROJECT, swap('"*.npz", ', ""), STRICT),
    Plant("a Python that nothing tries", CI, swap(', "3.13"]', "]"), STRICT),
    Plant("published without the check of the site", PUBLISH,
          swap("run: .venv/bin/python -m workshop.site _build/html", "run: true"), STRICT),
    Plant("a line of the constraints gone", "constraints.txt", first(r"^attrs==.*\n", ""), STRICT),
    Plant("a package without its code", PROJECT, swap('["qkv_lib", "qkv_lib.*"]', '["qkv_lib"]'),
          WHEEL),
    Plant("a stored number changed by hand", f"{RESULTS}/copying.json",
          first(r"0\.9(\d)", r"0.8\1"), TABLES),
    Plant("a time changed by hand", "qkv_lib/experiments/measured/speed.json",
          first(r'"measured": ', '"measured": 9'), TABLES),
    Plant("an answer of the quiz turned round", ALGORITHM,
          first(r":::\{wrong\}([\s\S]*?):::\{right\}", r":::{right}\1:::{wrong}"),
          ("tests/book/test_quiz.py",)),
    Plant("the quiz counts the last answer", PROGRESS, swap("??= right", "= right"), BEHAVIOUR),
    Plant("no ring around what has the focus", "book/_static/reading.css",
          swap("  outline: 3px solid var(--predict-colour);\n", "  outline: 3px solid #eee;\n"),
          BEHAVIOUR),
    Plant("something comes before its turn with the tabulator", "book/index.md",
          add('\n<a href="#all" tabindex="5">all</a>\n'),
          (BUILD, "tests/book/test_pages.py::"
                  "test_nothing_comes_before_its_turn_with_the_tabulator[index]")),
    Plant("paper without solutions", "book/_static/custom.css",
          add("\n@media print { .bd-article details.hide > * { display: none; } }\n"),
          (BUILD, "tests/book/test_print.py::test_nothing_is_cut[03-algorithm]")),
]  # fmt: skip

PLANTS = [*TEXT, *CODE, *DOCUMENTS, *EXERCISES, *HOUSE]
