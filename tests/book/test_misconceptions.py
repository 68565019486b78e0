"""Every misconception that the book must meet is in the index, with the cell that settles it."""

import re
from pathlib import Path

import nbformat
import pytest

from workshop.pages import BOOK

PAGE = BOOK / "appendix" / "misconceptions.md"
LINK = re.compile(r"\]\(([^)#]+)#([^)]+)\)")

# The list of the course, one belief a line.
MUST_MEET = r"""
Q, K and V are three different inputs
One projection can serve as both Q and K
Q, K and V carry a fixed human meaning
A token attends most to itself
Softmax runs over the queries
Dividing by $\sqrt{d_k}$ is cosmetic
The root is that of d_model
Masking is multiplying scores by 0
−1e9 is −∞
Heads are slices of the input
More heads, more parameters
Attention knows order
A high weight means that a token is important, and explains the answer
The KV cache stores Q, or changes the output
Training and generation are the same pass
The quadratic part always dominates
FlashAttention is an approximation
Linear attention is the same answer, cheaper
Attention replaces convolution
A bias on the keys matters
""".strip().splitlines()


def rows(page: Path) -> list[list[str]]:
    """Return the cells of each row of the tables, but for their heads and rules."""
    lines = page.read_text(encoding="utf-8").splitlines()
    found = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines
             if line.startswith("|") and not line.startswith("|---")]  # fmt: skip
    return [row for row in found if row[-1] not in {"settled in", "likely cause"}]


ROWS = rows(PAGE)


@pytest.mark.parametrize("belief", MUST_MEET)
def test_the_misconception_is_met(belief: str) -> None:
    assert belief in {row[0] for row in ROWS}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:50] or row[1][:50])
def test_each_row_leads_to_what_settles_it(row: list[str]) -> None:
    links = LINK.findall(row[-1])
    assert links
    for file, anchor in links:  # that the anchors exist, the build and the test of links prove
        target = (PAGE.parent / file).resolve()
        assert target.is_file()
        if target.suffix == ".ipynb" and anchor.startswith("ch"):
            cells = {cell.id: cell for cell in nbformat.read(target, as_version=4).cells}
            assert cells[anchor].cell_type == "code"
            assert settles(cells[anchor])


def settles(cell: nbformat.NotebookNode) -> bool:
    """Tell whether a cell proves something: it asserts, or what it prints is compared."""
    compared = cell.outputs and "nbval-ignore-output" not in cell.metadata.get("tags", [])
    return "assert " in cell.source or bool(compared)
