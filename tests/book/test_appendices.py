"""What the appendices tell and no cell shows, computed: the ten corrections, symptoms, a class."""

import re

import nbformat
import numpy as np
import pytest

from qkv_lib import attention, attention_steps, softmax
from qkv_lib.formula.positions import rope
from qkv_lib.measures.cost import Block, block_cost
from tests.holds import holds
from workshop.pages import BOOK, ROOT

X = np.array([[1.0, 2], [2, 3], [3, 4], [4, 5]])  # the article's words
RNG = np.random.default_rng(0)
Q, K, V = RNG.normal(size=(3, 4)), RNG.normal(size=(5, 4)), RNG.normal(size=(5, 2))
CLASS = (BOOK / "appendix" / "for-a-class.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d\d-[\w-]+) \| (\d+) \| (\d+) \|$", re.MULTILINE)
TAKES = {name: (int(memory), int(seconds)) for name, memory, seconds in ROW.findall(
    (ROOT / "docs" / "set-up.md").read_text(encoding="utf-8"))}  # fmt: skip
"""MB of memory and seconds of processor time, for each notebook."""
JUPYTERLAB = 100


@holds(
    "every row attends most to the longest vector, not to itself.",
    "Every query looks at the same key",
)
def test_every_row_of_the_article_attends_to_the_longest() -> None:
    assert np.linalg.norm(X, axis=1).argmax() == 3
    assert attention_steps(X, X, X).weights.argmax(axis=1).tolist() == [3, 3, 3, 3]


@holds(
    "The program gives one row per word, not a vector of fixed length.",
    "A single vector requires pooling.",
)
def test_the_program_gives_a_row_for_each_word() -> None:
    for n in (2, 3, 4):
        assert attention(X[:n], X[:n], X[:n]).shape == (n, 2)
        assert attention(X[:n], X[:n], X[:n]).mean(axis=0).shape == (2,)


@holds(
    "A key is not what is extracted.",
    "A query is matched against the keys;",
    "what is carried away are the values.",
    "The weighted sum is over the rows of V, not of K, and its result is $n_q \\times d_v$.",
    "The output is a weighted sum of the keys",
    "With K = V the mistake does not show.",
)
def test_keys_are_matched_and_values_are_carried_away() -> None:
    steps, other = attention_steps(Q, K, V), attention_steps(Q, K, 2 * V + 1)
    assert np.array_equal(steps.weights, other.weights)
    np.testing.assert_allclose(other.output, 2 * steps.output + 1)
    np.testing.assert_allclose(steps.output, steps.weights @ V)
    assert steps.output.shape == (len(Q), V.shape[1]) != (steps.weights @ K).shape
    moved = attention_steps(Q, K + RNG.normal(size=K.shape), V)
    assert not np.allclose(moved.weights, other.weights)
    same = attention_steps(Q, K, K)
    np.testing.assert_allclose(same.output, same.weights @ K)


@holds("This function gives the right output for the four words, and yet it has two faults.")
def test_two_faults_that_do_not_show() -> None:
    def faulty(query: np.ndarray, key: np.ndarray, transposed: bool, sums_keys: bool) -> np.ndarray:
        scores = key @ query.T if transposed else query @ key.T
        return softmax(scores / np.sqrt(2)) @ (key if sums_keys else -key)

    np.testing.assert_allclose(faulty(X, X, transposed=True, sums_keys=True), attention(X, X, X))
    for fault in ("transposed", "sums_keys"):
        flags = {"transposed": False, "sums_keys": False, fault: True}
        off = faulty(X, X[::-1], **flags) - attention(X, X[::-1], -X[::-1])
        assert np.abs(off).max() > 0.1


@holds(
    "Only one of them always works.",
)
def test_three_ways_to_hide_a_word_are_wrong() -> None:
    ways = {
        "times_zero": lambda s, mask: softmax(s * mask),
        "zero_after": lambda s, mask: softmax(s) * mask,
        "minus_billion": lambda s, mask: softmax(np.where(mask, s, -1e9)),
        "minus_infinity": lambda s, mask: softmax(np.where(mask, s, -np.inf)),
    }
    last, scores = np.array([0.0, 0.0, 0.0, 1.0]), X @ X.T / np.sqrt(2)
    moved = scores + last  # another hidden key
    leaks = {name for name, way in ways.items()
             if not np.array_equal(way(scores, last == 0), way(moved, last == 0))
             or way(scores, last == 0)[:, 3].any()}  # fmt: skip
    assert leaks == {"times_zero", "zero_after"}
    nowhere = {name for name, way in ways.items() if way(scores, last > 1).any()}
    assert nowhere == {"times_zero", "minus_billion"}


@holds(
    "There are as many values as keys;",
    "their widths $d_v$ and $d_k$ need not be equal;",
    "the root is that of $d_k$.",
)
def test_widths_of_keys_and_values_differ_and_the_root_is_of_the_keys() -> None:
    assert K.shape[1] != V.shape[1]
    by_hand = softmax(Q @ K.T / np.sqrt(K.shape[1])) @ V
    np.testing.assert_allclose(attention(Q, K, V), by_hand)
    assert not np.allclose(by_hand, softmax(Q @ K.T / np.sqrt(V.shape[1])) @ V)
    with pytest.raises(ValueError, match="value"):
        attention(Q, K, V[:4])


@holds(
    "The formula shown is the output, not the scores.",
    "it does not act on each number alone, as most activation functions do.",
    "Softmax normalises each row;",
    "The softmax, which libraries list among them, does not: each weight depends on all scores of "
    "its row.",
)
def test_the_formula_is_the_output_and_softmax_acts_on_rows() -> None:
    scores = attention_steps(Q, K, V).scores
    assert scores.shape == (3, 5) != attention(Q, K, V).shape == (3, 2)
    changed = scores.copy()
    changed[0, 4] += 1
    moved = ~np.isclose(softmax(scores), softmax(changed))
    assert moved[0].all()
    assert not moved[1:].any()


@holds("Rows of weights do not sum to 1")
def test_weights_over_the_queries_can_leave_the_range_of_the_values() -> None:
    ones = np.ones((5, 1))
    weights = softmax(3 * Q @ K.T, axis=0)
    assert not np.allclose(weights.sum(axis=1), 1)
    assert (weights @ ones).max() > 1
    np.testing.assert_allclose(softmax(3 * Q @ K.T) @ ones, 1)


@holds(
    "One projection shared by Q and K gives symmetric scores:",
    "cat scores it as high as it scores cat.",
    "(With rotary positions most such matrices do change the output.)",
)
def test_shared_maps_and_rotary_positions() -> None:
    shared = K @ K.T
    np.testing.assert_allclose(shared, shared.T)
    turn = RNG.normal(size=(4, 4))
    other = K @ turn, K @ np.linalg.inv(turn).T
    np.testing.assert_allclose(other[0] @ other[1].T, K @ K.T)
    places = np.arange(5)
    turned, plain = (
        (rope(q, positions=places) @ rope(k, positions=places).T) for q, k in (other, (K, K))
    )
    assert not np.allclose(turned, plain, atol=0.01)


@holds("(Twice that length in a causal model that skips the hidden half.)")
def test_without_the_hidden_half_the_quadratic_part_needs_twice_the_length() -> None:
    block = Block(d_model=512, n_heads=8)
    for n, part in ((6 * 512, 1), (12 * 512, 1 / 2)):
        cost = block_cost(block, n)
        quadratic = part * (cost.scores.multiplications + cost.weighted_sum.multiplications)
        assert quadratic == cost.projections.multiplications + cost.feed_forward.multiplications


@holds(
    "the memory guaranteed to each, 700 MB.",
    "30, in one room",
    "300 in a lecture",
    "3,000 enrolled, at home",
    "in the last row 15 of 100:",
    "One machine with 32 GB and 8 cores is enough for the first row, four with 64 GB and 16 cores "
    "for the second, and six of these for the third, because of their memory.",
    "thirty students in 8.1 take 44 GB, more than the first machine has.",
    "For 300 students on 48 cores and a cell of ten seconds, that is a minute.",
)
def test_the_table_of_classes_adds_up() -> None:
    found = re.findall(r"^\| [^|]* \| (\d+) \| (\d+) GB \| (\d+) \|$", CLASS, re.MULTILINE)
    rows = [tuple(map(int, row)) for row in found]
    assert [at_work for at_work, *_ in rows] == [30, 300, 15 * 3000 // 100]
    machines = [(1, 32, 8), (4, 64, 16), (6, 64, 16)]
    for (at_work, memory, cores), (number, each, of_each) in zip(rows, machines, strict=True):
        assert memory == at_work * 700 / 1000
        assert number * each > 1.15 * memory  # something is left for the system
        assert number * of_each >= cores
    assert rows[2][2] <= 4 * 16  # fewer would do, if only cores counted
    assert round(30 * (TAKES["08-1-memory"][0] + JUPYTERLAB) / 1000) == 44 > 32
    assert 55 < 300 * 10 / 48 < 65


@holds(
    "Nine of the sixteen notebooks need at most 520 MB of memory, and the largest, 8.1, takes "
    "1,350 MB.",
    "All sixteen together take eight minutes of processor time, none more than two.",
)
def test_the_settings_of_the_hub_follow_from_the_table_of_notebooks() -> None:
    memory, seconds = zip(*TAKES.values(), strict=True)
    assert len(TAKES) == 16
    assert sum(each <= 520 for each in memory) == 9
    assert TAKES["08-1-memory"][0] == max(memory) == 1350
    assert round(sum(seconds) / 60) == 8
    assert max(seconds) < 120
    (guarantee,) = map(int, re.findall(r'guarantee: "(\d+)M"', CLASS))
    assert guarantee == 700
    assert sum(each + JUPYTERLAB <= guarantee for each in memory) == 9
    assert max(memory) + JUPYTERLAB < 2000


@holds("usually one to five hundredths;")
def test_most_tolerances_are_one_to_five_hundredths() -> None:
    allowed = []
    for page in sorted(BOOK.glob("*.ipynb")):
        for cell in nbformat.read(page, as_version=4).cells:
            stated = cell.metadata.get("qkv", {}).get("tolerance", {})
            printed = "".join(output.get("text", "") for output in cell.get("outputs", []))
            for number in re.findall(r"\d+\.\d+", printed) if stated else ():
                allowed.append(stated.get("abs", 0) + stated.get("rel", 0) * float(number))
    assert len(allowed) > 100
    few, many = np.quantile(allowed, [0.2, 0.7])
    assert 0.0099 < few < many < 0.0501
