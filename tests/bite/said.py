"""Faults of what the book says: its formulas, its claims, what it says of figures."""

from collections.abc import Callable

from nbformat import NotebookNode

from tests.bite.plant import Edit, Plant, cell, source, swap

ALGORITHM, MATHEMATICS = "book/03-algorithm.ipynb", "book/04-mathematics.ipynb"
FAQ, BACKGROUND = "book/09-faq.ipynb", "book/01-background.ipynb"
CLAIMS, FIGURES = ("tests/book/test_claims.py",), ("tests/book/test_figures.py",)
OF_ALGORITHM = ("tests/equations/test_algorithm.py",)
OF_MATHEMATICS = ("tests/equations/test_mathematics.py",)
TITLES = ("over keys: rows sum to 1", "over queries: columns do")


def exchanged(one: str, two: str) -> Callable[[str], str]:
    """Exchange two texts wherever they stand."""
    return lambda text: text.replace(one, "\0").replace(two, one).replace("\0", two)


def drawn(one: str, two: str) -> Edit:
    """Exchange two words of the picture that a cell shows, and in its code."""

    def edit(shown: NotebookNode) -> None:
        swapped = exchanged(one, two)
        shown.source = swapped(shown.source)
        for output in shown.outputs:
            if svg := output.get("data", {}).get("image/svg+xml"):
                output.data["image/svg+xml"] = swapped(svg)

    return edit


def alt(old: str, new: str) -> Edit:
    """Replace words of the alt text of a figure."""

    def edit(shown: NotebookNode) -> None:
        image = shown.metadata["mystnb"]["image"]
        image["alt"] = swap(old, new)(image["alt"])

    return edit


FORMULAS = [
    Plant("a sign changed in a formula: distance is rewarded", MATHEMATICS,
          swap(r"- m_r\\,(i - j)", r"+ m_r\\,(i - j)"), OF_MATHEMATICS),
    Plant("two indices exchanged in a formula", ALGORITHM,
          swap(r"A_{ij} V_{jc}", r"A_{ij} V_{cj}"), OF_ALGORITHM),
    Plant("the causal rule without the query's own key", ALGORITHM,
          swap(r"\\le i + o \\,\\right]", r"< i + o \\,\\right]"), OF_ALGORITHM),
    Plant("a transpose dropped from a gradient", MATHEMATICS,
          swap(r"dK &= \\frac{dS^\\top Q}", r"dK &= \\frac{dS\\, Q}"), OF_MATHEMATICS),
]  # fmt: skip

HELD = [
    Plant("an answer of chapter 9 negated", FAQ,
          cell("ch09-cnn-soft", source("can express every", "cannot express every")), CLAIMS),
    Plant("an entry of the glossary negated", "book/appendix/glossary.md",
          swap("number of parameters does not depend on the",
               "number of parameters depends on the"), CLAIMS),
    Plant("queries and keys exchanged in a misconception", "book/appendix/misconceptions.md",
          swap("keys: the weights of each query sum", "queries: the weights of each key sum"),
          CLAIMS),
    Plant("an assert removed on which an answer leans", FAQ,
          cell("ch09-flash", source("assert np.allclose(tiled, exact, atol=1e-12)",
                                    "np.allclose(tiled, exact, atol=1e-12)")), CLAIMS),
]  # fmt: skip

SHOWN = [
    Plant("a legend whose names are exchanged", BACKGROUND,
          cell("ch01-fig-accuracy", drawn(">attention<", ">one vector<")), FIGURES),
    Plant("the titles of two panels exchanged", ALGORITHM,
          cell("ch03-wrong-axis-figure", drawn(*TITLES)), FIGURES),
    Plant("an alt text that calls another column dark", ALGORITHM,
          cell("ch03-wrong-axis-figure", alt("the last column, word4", "the first column, word1")),
          FIGURES),
]  # fmt: skip

PLANTS = [*FORMULAS, *HELD, *SHOWN]
