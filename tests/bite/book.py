"""Faults of the book: its notebooks, its formulas, its pages, and what it is built from."""

from tests.bite.plant import BUILD, Plant, add, cell, emptied, first, printed, source, swap
from tests.bite.plant import without_alt as no_alt

CONCEPTS, ALGORITHM = "book/02-concepts.ipynb", "book/03-algorithm.ipynb"
INDEX, CONFIG = "book/index.md", "_config.yml"
RUN = ("--nbval", "--nbval-cell-timeout=300", CONCEPTS)
RULES = ("tests/book/test_notebooks.py",)
EQUATIONS = ("tests/equations/test_registry.py",)
PINS = ("tests/workshop/test_dependencies.py",)
SITE = (BUILD, "tests/book/test_site.py")

NOTEBOOKS = [
    Plant("a stored output changed", CONCEPTS,
          cell("ch02-weights", printed("size 0.79", "size 0.78")), RUN),
    Plant("a cell emptied", CONCEPTS, cell("ch02-replace", emptied), RUN),
    Plant("another seed", CONCEPTS,
          cell("ch02-identifiable", source("default_rng(1)", "default_rng(2)")), RUN),
    Plant("a claim turned round", CONCEPTS,
          cell("ch02-replace-test", source("not np.allclose(new_keys.w",
                                           "np.allclose(new_keys.w")), RUN),
    Plant("a solution that is wrong", CONCEPTS,
          cell("ch02-exercise-received-solution", source("axis=-2", "axis=-1")), RUN),
    Plant("a cell that was never run", ALGORITHM,
          first(r'^   "execution_count": \d+,', '   "execution_count": null,'), RULES),
    Plant("a figure without alt text", ALGORITHM, cell("ch03-causal-figure", no_alt), RULES),
    Plant("a path of somebody's machine in a cell", ALGORITHM,
          cell("ch03-setup", source("import math", "import math  # see /home/ann/x.py")), RULES),
    Plant("a cell longer than a screen", ALGORITHM,
          cell("ch03-setup", source("import math", "import math\n" + "#\n" * 30)), RULES),
    Plant("a heading level left out", ALGORITHM,
          cell("ch03-by-hand", source("## All", "#### All")), RULES),
    Plant("Chinese that is not marked as such", ALGORITHM,
          cell("ch03-quiz", source("## Quiz", "## Quiz 测验")), RULES),
    Plant("a quiz with two right answers", CONCEPTS,
          first(r":::\{wrong\}", ":::{right}"), RULES),
    Plant("a notebook missing from the table of contents", "_toc.yml",
          swap("      - file: book/04-mathematics\n", ""), RULES),
]  # fmt: skip

FORMULAS = [
    Plant("a wrong formula: the root left out", ALGORITHM,
          first(r"= \\\\frac\{\(Q K\^\\\\top\)_\{ij\}\}\{\\\\sqrt\{d_k\}\}",
                r"= \\\\frac{(Q K^\\\\top)_{ij}}{d_k}"), ("tests/equations/test_algorithm.py",)),
    Plant("a wrong formula: another index summed", "book/01-background.ipynb",
          first(r"sum_\{j=1\}\^\{m\}", "sum_{t=1}^{m}"), ("tests/equations/test_background.py",)),
    Plant("a formula without a label", ALGORITHM,
          first(r"\$\$ \(eq-algorithm-softmax\)", "$$"), EQUATIONS),
    Plant("a formula whose test is gone", "tests/equations/test_algorithm.py",
          swap('@evaluated("eq-algorithm-softmax")\n', ""), EQUATIONS),
]  # fmt: skip

PAGES = [
    Plant("a broken cross-reference", INDEX,
          add("\nSee {eq}`eq-that-is-not-there`.\n"), SITE),
    Plant("a formula that KaTeX cannot read", INDEX, add("\nSo $\\frac{1$ it is.\n"), SITE),
    Plant("a work cited that is not in the bibliography", INDEX,
          add("\nSee {cite:t}`nobody1900nothing`.\n"), SITE),
    Plant("a script from another host", INDEX,
          add('\n<script src="https://cdn.example.org/x.js"></script>\n'), SITE),
    Plant("a link to a page that is not there", INDEX,
          add('\n<a href="10-nowhere.html">Chapter 10</a>\n'), SITE),
    Plant("a picture without alt text", INDEX, add("\n![](_static/readme.png)\n"), SITE),
    Plant("a font from another host", "book/_static/custom.css",
          add('\n@font-face { font-family: X; src: url("https://fonts.example.org/x.woff2"); }\n'),
          SITE),
    Plant("formulas drawn by a script of another host", CONFIG,
          swap("html_math_renderer: katex_offline", "html_math_renderer: mathjax"), SITE),
]  # fmt: skip

SET_UP = [
    Plant("a dependency that is not pinned", "requirements/library.txt",
          first(r"^numpy==.*$", "numpy"), PINS),
    Plant("Binder with another version", ".binder/requirements.txt",
          first(r"^(numpy==\d+)\..*$", r"\1.0.0"), PINS),
]  # fmt: skip

PLANTS = [*NOTEBOOKS, *FORMULAS, *PAGES, *SET_UP]
