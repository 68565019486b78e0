"""What the home page and the first chapters tell, beside what computes it."""

import re
import tomllib
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
import yaml
from front_page import minutes, opening

from qkv_lib import attention_steps, softmax
from qkv_lib.data.lexicon import CHINESE, LEXICON
from qkv_lib.data.sentence import (
    ASKED,
    COLD,
    FEATURES,
    GUESS,
    LIKE,
    THIRSTY,
    WHO,
    layers,
    rows,
    step,
)
from qkv_lib.experiments import copying
from qkv_lib.layers.multihead import MultiHeadAttention
from qkv_lib.models.seq2seq import EncoderDecoder, copy_accuracy
from qkv_lib.models.translator import TransformerTranslator
from qkv_lib.practice.exercise import Function
from qkv_lib.practice.grading import grade
from tests.book.notebook_checks import quiz
from tests.holds import holds
from workshop.pages import BOOK, ROOT

CAT, MILK, IT, LAST = (THIRSTY.index(word) for word in ("cat", "milk", "it", "thirsty"))
HEAD = step(rows(THIRSTY), GUESS)
NAMED = {THIRSTY: ("cat", "milk", "it"), CHINESE: ("猫", "牛奶", "它")}


def features(word: str) -> set[str]:
    """Return the features that a word has."""
    return {FEATURES[i] for i in np.flatnonzero(rows(word)[0])}


@holds(
    "Each word is a short list of numbers, one per feature: cat has a 1 at thing, living and size, "
    "milk at thing, drink and sweet, and it at pronoun; all their other numbers are 0.",
    "Three matrices turn each list into three others, called query, key and value.",
)
def test_words_are_lists_of_features() -> None:
    for made, W in ((HEAD.Q, GUESS.W_Q), (HEAD.K, GUESS.W_K), (HEAD.V, GUESS.W_V)):
        assert np.array_equal(made, rows(THIRSTY) @ W)
    assert set(rows(("cat", "milk", "it")).flat) == {0, 1}
    assert features("cat") == {"thing", "living", "size"}
    assert features("milk") == {"thing", "drink", "sweet"}
    assert features("it") == {"pronoun"}


@holds("Another feature, of-drink, marks words such as cold that describe drinks.")
def test_of_drink_marks_what_describes_a_drink_and_no_drink() -> None:
    marked = {word for word in LEXICON if "of-drink" in features(word)}
    assert {"cold", "warm"} <= marked
    assert not marked & {"milk", "water", "cat", "thirsty", "it"}
    for word in marked:  # an adjective asks for its noun, here for a drink
        assert {ASKED[i] for i in np.flatnonzero(rows(word) @ GUESS.W_Q)} == {"thing", "drink"}


@holds(
    "The first matrix turns pronoun 1 into thing 2, living 2: it asks for a living thing.",
    "The second matrix gives cat the key thing 2, living 2 and milk the key thing 2, drink 2: cat "
    "is found as a living thing, milk as a thing to drink.",
)
def test_what_is_asked_for_and_what_is_found() -> None:
    asked, cat, milk = (
        {ASKED[i] for i in np.flatnonzero(row)} for row in (HEAD.Q[IT], HEAD.K[CAT], HEAD.K[MILK])
    )
    assert asked == cat == {"thing", "living"}
    assert milk == {"thing", "drink"}
    assert HEAD.K[[CAT, MILK]].tolist() == [[2, 2, 0, 0], [2, 0, 2, 0]]
    assert GUESS.W_Q[FEATURES.index("pronoun")].tolist() == [2, 2, 0, 0]
    assert ASKED[:3] == ("thing", "living", "drink")
    for column, feature in enumerate(ASKED[:3]):
        assert GUESS.W_K[FEATURES.index(feature)].tolist() == (2 * np.eye(4)[column]).tolist()


@holds(
    "multiply them feature by feature, and add up the products.",
    "The query of it and the key of cat both have a 2 at thing and at living, so it scores "
    r"$2 \cdot 2 + 2 \cdot 2 = 8$ with cat.",
    r"Milk is a thing but not living, so its score is only $2 \cdot 2 = 4$.",
    "Every other word scores 0.",
)
def test_scores_of_it() -> None:
    assert np.array_equal(HEAD.scores[IT], (HEAD.Q[IT] * HEAD.K).sum(axis=1))
    assert HEAD.Q[IT].tolist() == HEAD.K[CAT].tolist() == [2, 2, 0, 0]
    assert ASKED[:2] == ("thing", "living")
    assert HEAD.K[MILK, :2].tolist() == [2, 0]
    assert dict(enumerate(HEAD.scores[IT])) == {**dict.fromkeys(range(9), 0), CAT: 8, MILK: 4}


@holds(
    "The scores are divided by 2 (chapter 4 says why), which makes them 4, 2 and 0. Then softmax "
    r"takes the exponential of each: $e^4 \approx 54.6$ for cat, $e^2 \approx 7.4$ for milk, and "
    "$e^0 = 1$ for each of the other 7, and divides each exponential by their sum, 69. The results "
    "are the weights: 0.79 for cat, 0.11 for milk. All weights together add up to 1.",
    "cat hands over size 1, milk sweet 1, and the other words nothing. Each value is multiplied by "
    "the weight of its word, and it receives the sum: size 0.79, sweet 0.11.",
)
@pytest.mark.parametrize("words", [THIRSTY, CHINESE])  # the home pages in both languages
def test_weights_and_output_of_it(words: tuple[str, ...]) -> None:
    read, cat, milk, it = step(rows(words), GUESS), *map(words.index, NAMED[words])
    powers, weights = np.exp(read.scores[it] / 2), read.weights[it]
    assert (powers[cat].round(1), powers[milk].round(1), sum(powers == 1)) == (
        54.6, 7.4, len(words) - 2)  # fmt: skip
    np.testing.assert_allclose(weights, powers / powers.sum())
    assert np.isclose(weights.sum(), 1)
    told = {THIRSTY: (69, 0.79, 0.11), CHINESE: (68, 0.8, 0.11)}[words]
    assert (powers.sum().round(), *weights[[cat, milk]].round(2)) == told
    np.testing.assert_allclose(read.output[it], (weights[:, None] * read.V).sum(axis=0))
    assert GUESS.handed == ("size", "sweet")
    handed = {place: read.V[place].tolist() for place in np.flatnonzero(read.V.any(axis=1))}
    assert handed == {cat: [1, 0], milk: [0, 1]}
    assert tuple(read.output[it].round(2)) == told[1:]
    added = dict(zip(FEATURES, read.added[it] - rows(words)[it], strict=True))
    assert {name: x for name, x in added.items() if x} == dict(
        zip(GUESS.handed, read.output[it], strict=True))  # fmt: skip


@holds(
    "Attention still finds the cat, because it makes the same guess as before.",
    "That is a guess: in another sentence, it could mean the milk.",
)
def test_one_layer_finds_the_cat_in_both_sentences() -> None:
    cold = step(rows(COLD), GUESS)
    assert cold.weights[IT].argmax() == CAT
    assert np.array_equal(cold.Q[IT], HEAD.Q[IT])
    assert layers(COLD)[-1].weights[IT].argmax() == MILK


@holds(
    "Then choose two layers: two attentions, one after the other.",
    "Cold has a 1 at of-drink, because it describes a drink; the key of cold is description 2.",
    "In the first attention, it asks for a description, finds cold, and is handed of-drink, which "
    "is added to the list of it. So in the second, it asks for a thing to drink, and finds the "
    "milk.",
)
def test_two_layers_find_the_milk() -> None:
    first, second = layers(COLD)
    assert (LIKE.name, WHO.name) == ("what is it like?", "who is like that?")
    assert dict(zip(LIKE.handed, first.V[LAST], strict=True)) == {"of-living": 0, "of-drink": 1}
    assert not np.array_equal(LIKE.W_Q, WHO.W_Q)
    assert LIKE.handed != WHO.handed
    assert features("cold") == {"of-drink"}
    assert first.K[LAST].tolist() == [0, 0, 0, 2]
    assert first.weights[IT].argmax() == LAST
    assert {ASKED[i] for i in np.flatnonzero(first.Q[IT])} == {"description"}
    asks_for_nothing = ~first.Q.any(axis=1)
    assert asks_for_nothing.sum() == 8
    assert np.ptp(first.weights[asks_for_nothing]) == 0
    little = second.K[asks_for_nothing][:-1, 3]
    assert ((little > 0) & (little < 0.25)).all()
    assert {ASKED[i] for i in np.flatnonzero(second.Q[IT])} == {"thing", "drink"}
    assert first.added[IT, FEATURES.index("of-drink")] > rows(COLD)[IT, FEATURES.index("of-drink")]
    assert second.weights[IT].argmax() == MILK
    assert layers(THIRSTY)[1].weights[IT].argmax() == CAT


@holds(
    "check tries your function on our sentence and on random rows, some with scores so large that "
    "np.exp overflows:"
)
def test_the_exercise_of_the_short_way_needs_a_softmax_that_does_not_overflow() -> None:
    def answer(weigh: Function) -> Function:
        return lambda X, i, W_Q, W_K, W_V: (
            weigh((X @ W_K) @ (X @ W_Q)[i] / W_K.shape[1] ** 0.5) @ (X @ W_V))  # fmt: skip

    assert grade("handed-over", answer(softmax)).status == "right"
    with np.errstate(all="ignore"):  # as the page computes it by hand
        verdict = grade("handed-over", answer(lambda scaled: np.exp(scaled) / np.exp(scaled).sum()))
    assert (verdict.status, verdict.mistake) == ("wrong", "overflow")


@holds("on your machine (Python 3.11, 3.12 or 3.13),")
def test_the_versions_of_python_are_those_of_the_project() -> None:
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert asked["project"]["requires-python"] == ">=3.11,<3.14"


@holds("The nine chapters follow the nine sections of a Chinese blog article on Q, K and V.")
def test_there_are_nine_chapters() -> None:
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    parts = [chapter["file"] for part in contents["parts"] for chapter in part["chapters"]]
    chapters = [p for p in parts if re.match(r"book/0\d", p)]
    assert [p[5:7] for p in chapters] == [f"0{n}" for n in range(1, 10)]
    article = (BOOK / "appendix" / "article.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\d) ", article, re.MULTILINE) == [p[6] for p in chapters]


def years() -> dict[str, str]:
    """Return the year of each work in the bibliography."""
    text = (BOOK / "references.bib").read_text(encoding="utf-8")
    return dict(re.findall(r"@\w+\{(\w+),.*?year\s*=\s*\{(\d{4})\}", text, re.DOTALL))


@holds(
    "The idea of the soft lookup is half a century older than attention.",
    "In 1964 Nadaraya and Watson independently gave the same answer:",
    "The attention of this book goes back to machine translation, in 2014.",
)
def test_years_of_the_table() -> None:
    cells = nbformat.read(BOOK / "01-background.ipynb", as_version=4).cells
    table = next(cell.source for cell in cells if cell.id == "ch01-timeline-table-text")
    found = years()
    lines = re.findall(r"^\| ({cite:t}.*)", table, re.MULTILINE)
    assert len(lines) == 7
    works = [work for line in lines for work in re.findall(r"`(\w+)`", line)]
    assert all(work.endswith(found[work]) for work in works)
    assert [found[work] for work in works] == sorted(found[work] for work in works)
    assert found["nadaraya1964"] == found["watson1964"] == "1964"
    assert int(found["bahdanau2014"]) - int(found["nadaraya1964"]) == 50


TITLES = {
    "nadaraya1964": "Regression",
    "cho2014": "{RNN} Encoder--Decoder",
    "sukhbaatar2015": "Memory Networks",
    "miller2016": "Key-Value Memory",
    "bahdanau2014": "Align",
}
"""What the titles of works say of what they brought."""


@holds(
    "a prediction as a weighted average of what is known",
    "an encoder and a decoder, joined by one vector",
    "the decoder attends to all states of the encoder",
    "in a network with a memory",
    "the names key and value",
)
def test_what_works_brought_stands_beside_them() -> None:
    cells = nbformat.read(BOOK / "01-background.ipynb", as_version=4).cells
    table = next(cell.source for cell in cells if cell.id == "ch01-timeline-table-text")
    bibliography = (BOOK / "references.bib").read_text(encoding="utf-8")
    brought = {
        "nadaraya1964": "weighted average",
        "cho2014": "joined by one vector",
        "bahdanau2014": "attends to all states",
        "sukhbaatar2015": "in a network with a memory",
        "miller2016": "the names *key* and *value*",
    }
    for work, words in brought.items():
        (line,) = [line for line in table.splitlines() if f"`{work}`" in line]
        assert words in line
        entry = bibliography[bibliography.index(f"{{{work},") :].split("\n}")[0]
        assert TITLES[work] in entry


Q, K, V = (np.random.default_rng(2).normal(size=shape) for shape in [(3, 7), (5, 7), (5, 2)])
FOUND = attention_steps(Q, K, V)


@holds(
    "its query: what the word asks for,",
    "its key: what the word is found by,",
    "its value: what the word hands over when it is found.",
    "A word's query is what it asks for, its key is what it is found by, and its value is what it "
    "hands over.",
    "queries (查询): what a word asks for",
    "keys (键): what a word is found by",
    "values (值): what a word hands over",
    "The query is what the word asks for.",
    "The key is what the word is found by.",
    "The value is what the word hands over when it is found.",
    "A query (查询) is what a word asks for.",
    "A key (键) is what a word is found by.",
    "A value (值) is what a word hands over when it is found:",
)
def test_a_query_moves_its_row_a_key_its_column_and_a_value_no_score() -> None:
    one = np.eye(5)[:, 2:3]  # of the third word
    asked = attention_steps(Q + one[:3], K, V)
    assert ((asked.scores != FOUND.scores).any(axis=1) == [False, False, True]).all()
    offered = attention_steps(Q, K + one, V)
    assert (
        (offered.scores != FOUND.scores).any(axis=0) == [False, False, True, False, False]
    ).all()
    handed = attention_steps(Q, K, V + one)
    assert np.array_equal(handed.weights, FOUND.weights)
    np.testing.assert_allclose(handed.output - FOUND.output, FOUND.weights[:, 2:3] + 0 * V[:3])


@holds(
    "In each product, the inner sizes are equal and drop out: $d_k$ in the first, $n_k$ in "
    "the second.",
    "Q, n_q by d_k, times K transposed, d_k by n_k, equals the scores, n_q by n_k.",
    "Times V, n_k by d_v, they equal the output O, n_q by d_v.",
    "a matrix Q times a matrix K transposed gives a matrix of scores with one row per query and "
    "one column per key.",
    "The weights times a matrix V give the output, one row per query.",
)
def test_shapes_on_the_way() -> None:
    (n_q, d_k), (n_k, d_v) = Q.shape, V.shape
    assert len({n_q, d_k, n_k, d_v}) == 4
    assert (Q.shape[1], K.T.shape[0]) == (d_k, d_k)
    assert (FOUND.weights.shape[1], V.shape[0]) == (n_k, n_k)
    assert (Q @ K.T).shape == FOUND.scores.shape == (n_q, n_k)
    assert (FOUND.weights @ V).shape == FOUND.output.shape == (n_q, d_v)


@holds(
    "The three outputs stand side by side and a matrix W_O turns them into an output as wide as X.",
    "The matrix $W_O$ mixes the three outputs, side by side, into one row per word, as wide as "
    r"$X$: $n$ words, $d_{\text{model}}$ columns.",
    "Each head has its own map (these three are invented), so each can look somewhere else.",
    "Multi-head attention (多头注意力) runs several attentions side by side.",
    "A layer has one head, or several side by side.",
    "Several heads in a layer each make their own queries, keys and values from the same rows, and "
    "their outputs are put together.",
)
def test_three_heads_side_by_side() -> None:
    torch.manual_seed(0)
    layer = MultiHeadAttention(d_model=12, n_heads=3, bias=False)
    x = torch.randn(5, 12)
    outputs, maps = [], []
    for rows_of in torch.arange(12).reshape(3, 4):  # each head has four columns of each matrix
        q, k, v = (x @ part.weight[rows_of].T for part in (layer.query, layer.key, layer.value))
        found = attention_steps(q, k, v)
        outputs.append(found.output)
        maps.append(found.weights)
    together = torch.cat(outputs, dim=1) @ layer.output.weight.T
    torch.testing.assert_close(layer(x[None])[0], together)
    assert together.shape == x.shape
    assert not torch.allclose(maps[0], maps[1])


@holds("the words written so far ask, and those of the source sentence answer")
def test_words_written_ask_and_words_read_answer() -> None:
    model = TransformerTranslator(20, 15, d=8, n_heads=2)
    memory = model.encode(torch.ones(1, 5, dtype=torch.int64))
    _, weights = model.decode(memory, torch.ones(1, 3, dtype=torch.int64))
    assert weights.shape == (1, 2, 3, 5)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(1, 2, 3))


@holds(
    "reads the sentence word by word.",
    "it keeps a row of $d$ numbers, its state, and computes a new state from each word and the "
    "state before.",
)
def test_a_state_comes_from_its_word_and_those_before() -> None:
    model = EncoderDecoder(10, 6, attends=True)
    digits = torch.arange(8)[None]
    before = model.encode(digits)[0]
    digits[0, 4] = 9
    moved = (model.encode(digits)[0] != before).any(dim=-1)[0]
    assert before.shape == (1, 8, 6)
    assert moved.tolist() == [False] * 4 + [True] * 4


@holds("(Both decoders start from the encoder's last state.)")
@pytest.mark.parametrize("kind", copying.KINDS)
def test_each_decoder_starts_from_the_last_state(kind: str) -> None:
    model = copying.train(kind, seed=0, n_updates=1)
    digits, written = torch.randint(10, (2, 3, 5))
    read, _ = model.encoder(model.embed(digits))
    memory, _ = model.encode(digits)
    states, _ = model.decoder(model.embed(written), read[:, -1][None].contiguous())
    assert torch.allclose(model(digits, written), model.read(states, memory)[0])


@holds("Its parameters start as random numbers, drawn from a seed so that a run can be repeated.")
def test_a_seed_repeats_a_run() -> None:
    one, again, other = (
        torch.cat([p.detach().flatten() for p in copying.train("attention", seed=seed,
                                                               n_updates=2).parameters()])
        for seed in (0, 0, 1)
    )  # fmt: skip
    assert torch.equal(one, again)
    assert not torch.allclose(one, other)


@holds("Guessing gets one digit in ten right.", "A dotted line at one tenth marks chance.")
def test_an_untrained_model_guesses() -> None:
    torch.manual_seed(0)
    model = EncoderDecoder(10, 8, attends=True)
    found = copy_accuracy(model, [4, 8, 16], np.random.default_rng(0), n_sequences=2000)
    np.testing.assert_allclose(found, 0.1, atol=0.02)


CHAPTERS = sorted(BOOK.glob("0[1-9]-[a-z]*.ipynb"))


@holds("after that, each page says at its top what it needs.")
@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_what_each_chapter_starts_and_ends_with(page: Path) -> None:
    assert len(CHAPTERS) == 9
    cells = nbformat.read(page, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert all(words in cells[0].source for words in ("you can", "**Time**", "**Needs**"))
    order = [text.index(f"\n## {part}") for part in ("Summary", "Exercises", "Quiz")]
    assert order == sorted(order)
    solutions = [cell for cell in cells if "-solution" in cell.id]
    assert len(solutions) == text.count("\n### Exercise")
    assert all("hide-cell" in cell.metadata.get("tags", []) for cell in solutions)
    assert all(feedback for options in quiz(nbformat.from_dict({"cells": cells}))
               for verdict, _, feedback in options if verdict == "wrong")  # fmt: skip


@holds(
    "All times here include second readings and exercises: about 8 hours for the first five, about "
    "20 for the whole course."
)
def test_the_hours_are_those_that_the_pages_add_up_to() -> None:
    hours = {page.stem: minutes(opening(page).time) / 60 for page in sorted(BOOK.glob("0*.ipynb"))}
    assert len(hours) == 16
    assert round(sum(list(hours.values())[:5]), 0) == 8
    assert round(sum(hours.values()) / 5) == 20 / 5


FORM = re.compile(
    r"about \d+ minutes(?:; \d+ more for the sections? marked \*second reading\*, and \d+ for the "
    r"exercises|; \d+ more for (?:the gallery and )?the exercises| with the exercise)"
)


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_the_chapters_tell_their_time_in_one_form(page: Path) -> None:
    assert FORM.fullmatch(opening(page).time)


@holds("Each of the four notebooks under this page takes about an hour more.")
def test_the_four_notebooks_of_chapter_6_take_about_an_hour() -> None:
    under = [minutes(opening(page).time) for page in BOOK.glob("06-[0-9]-*.ipynb")]
    assert len(under) == 4
    assert all(45 <= each <= 75 for each in under)


@holds("You need matrix products and a little Python, and from chapter 4 on also derivatives.")
def test_the_first_chapters_need_what_the_home_page_says() -> None:
    needs = [opening(page).needs for page in CHAPTERS[:4]]
    assert needs[0] == "matrix products and a little Python"
    assert needs[1].startswith("matrix products, and the [soft lookup]")
    assert needs[2] == "[chapter 2](02-concepts.ipynb), a little NumPy"
    assert "derivatives" in needs[3]
    assert "formulas of sine and cosine" in needs[3]
