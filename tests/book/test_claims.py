"""What the book claims is held: answers, misconceptions, summaries, facts of the glossary."""

import re
from functools import cache

import nbformat
import pytest

from tests.book.claims import asserted, claims, fault, held, pages, plain
from tests.book.glossary import entries
from tests.book.test_faq import SECTIONS, text_of
from tests.book.test_misconceptions import ROWS
from workshop.pages import BOOK

BELIEFS = [row for row in ROWS if len(row) == 3 and len(row[1]) > 50 and "](" not in row[1]]

FACTS = """
activation function, additive score, ALiBi, associative recall, attention sink, bandwidth, batch,
block-sparse attention, causal mask, convex hull, delta rule, differential attention, dot product,
dropout, Gaussian kernel, induction head, Jacobian, key, KV cache, layer normalisation,
linear attention, log-sum-exp, long-range dependency, mask, multi-head attention,
multi-head latent attention, NoPE, online softmax, output, padding, permutation equivariance,
plain average, pooling, projection, RoPE, scaling, sinusoidal positions, sliding window, softmax,
temperature, value, weighted sum, weights, YaRN
"""
"""The entries of the glossary that say more than what a word means."""

NOT_HELD = {
    "Not measured here": "says what is missing",
    "A word's query is what it asks for": "says how words are used",
    "Judge an ablation": "advice",
    "A claim that attention helps": "advice",
    "A claim that attention looks": "advice",
    "That the model is better because": "advice",
}
"""Lines of summaries that nothing can hold, by their first words, and why."""


HOMES = ("tests/", *(f"book/{page.name}#" for page in sorted(BOOK.glob("*.ipynb"))))
"""How the places of claims begin: in a test, or in a cell of a page."""


@pytest.mark.parametrize("home", HOMES)
def test_what_is_held_stands_on_a_page_and_is_asserted(home: str) -> None:
    here = [claim for claim in claims() if claim.place.startswith(home)]
    faults = list(filter(None, map(fault, here)))
    assert not faults, "\n".join(faults)


def test_every_claim_has_a_home() -> None:
    assert [claim.place for claim in claims() if not claim.place.startswith(HOMES)] == []


def test_each_answer_is_held() -> None:
    left = [target for target in SECTIONS if not held(text_of(target))]
    assert left == [], "no assert says in `holds` that it shows these answers"


def test_what_is_so_is_held() -> None:
    left = [row[1] for row in BELIEFS if not held(row[1])]
    assert left == [], "no assert holds these: name the words in the cell that settles each"


def test_each_fact_of_the_glossary_is_held() -> None:
    glossary = (BOOK / "appendix" / "glossary.md").read_text(encoding="utf-8")
    said = {entry.term: entry.definition for entry in entries(glossary)}
    left = [fact for fact in re.split(r",\s+", FACTS.strip()) if not held(said[fact])]
    assert left == [], "nothing holds what the glossary says of these"


@cache
def summaries() -> list[tuple[str, str]]:
    """Return page and line of each summary, as it is read."""
    found = []
    for page in sorted(BOOK.glob("*.ipynb")):
        texts = [c.source for c in nbformat.read(page, as_version=4).cells
                 if c.cell_type == "markdown" and "## Summary" in c.source]  # fmt: skip
        for text in texts:
            part = re.split(r"\n## ", text[text.index("## Summary") :].removeprefix("## "))[0]
            items = re.split(r"\n(?=- |\| (?!-))", part)[1:]
            lines = [item.split("\n\n")[0].strip("-| \n") for item in items]
            found += [(page.name, line) for line in lines if not line.startswith(("step", "part"))]
    return found


def test_each_line_of_a_summary_is_held() -> None:
    left = [
        (page, line)
        for page, line in summaries()
        if not held(line) and not plain(line).startswith(tuple(NOT_HELD))
    ]
    assert left == [], "nothing holds these"
    assert len(summaries()) > 50


def test_every_excuse_is_needed() -> None:
    lines = [plain(line) for _, line in summaries()]
    assert [start for start in NOT_HELD if not any(line.startswith(start) for line in lines)] == []


def test_a_changed_sentence_and_a_lost_assert_are_told() -> None:
    one = next(claim for claim in claims() if claim.proof)
    assert fault(one) == ""
    negated = one._replace(words=one.words + " not")
    assert "stands on no page" in fault(negated)
    assert "does not assert" in fault(one._replace(source="print(1)\nassert True"))
    assert asserted("assert True\nassert a < b, 'why'") == ["a < b"]
    quiz = next(text for text in pages().values() if ".:::" in text)
    before, after = quiz.split(".:::", 1)
    assert "runs on" in fault(one._replace(words=f"{before[-40:]}.:::{after[:40]}"))


def test_plain_text_is_what_is_read() -> None:
    text = (
        'The [rank](a.ipynb#b) of *both* {eq}`eq-x`, `K.T` (<span lang="zh">秩</span>)\nis $d_k$ .'
    )
    assert plain(text) == "The rank of both, K.T (秩) is $d_k$."
