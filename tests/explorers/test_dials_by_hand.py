"""The head view, the calculator and the dials in a browser: they move as the library says."""

import re
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from qkv_lib import explorers, softmax
from qkv_lib.formula.gradients import softmax_jacobian
from qkv_lib.formula.positions import rope
from qkv_lib.measures.cost import Block, block_cost, crossover_length, kv_cache_bytes
from tests.browser import need_browser
from tests.explorers.conftest import (
    BLOCK,
    CHINESE,
    DATES,
    ENGLISH,
    KEY,
    QUERY,
    SCORES,
    WEIGHTS,
    WORDS,
    centre,
    heard,
    shown,
)  # fmt: skip

need_browser()
KINDS = ("heads", "cost", "scaling", "rope")


def head(figure: Any, block: int, number: int) -> Any:
    """Return the button of a head; its label is a small map."""
    return figure.get_by_role("radio", name=f"block {block}, head {number}", exact=True)


def test_heads_are_chosen_by_mouse_and_keyboard(page):
    figure = page.locator("#heads-one")
    np.testing.assert_allclose(shown(figure, "block 2, head 1"), WEIGHTS[1, 0], atol=5.6e-3)
    figure.get_by_title("block 1, head 2").click()
    np.testing.assert_allclose(shown(figure, "block 1, head 2"), WEIGHTS[0, 1], atol=5.6e-3)
    assert head(figure, 1, 2).is_checked()
    head(figure, 1, 2).press("ArrowRight")
    np.testing.assert_allclose(shown(figure, "block 1, head 3"), WEIGHTS[0, 2], atol=5.6e-3)
    figure.get_by_role("radio", name="word4").check()
    assert figure.locator(".live tr.selected th").inner_text() == "word4"
    spoken = ", ".join(
        f"{word} {w:.2f}" for word, w in zip(WORDS, np.round(WEIGHTS[0, 2, 3], 3), strict=True)
    )
    heard(figure, f"block 1, head 3. Query word4: {spoken}")


def test_a_row_of_the_table_chooses_its_query(page):
    figure = page.locator("#heads-one")
    figure.locator(".live tbody tr").nth(2).click()
    assert figure.locator(".live tr.selected th").inner_text() == "word3"
    assert figure.get_by_role("radio", name="word3").is_checked()


def test_all_heads_are_shown_small_as_dark_as_their_weights(page):
    figure = page.locator("#heads-one")
    small = figure.locator(".live .all svg")
    assert small.count() == WEIGHTS.shape[0] * WEIGHTS.shape[1]
    for picture, map_ in zip(small.all(), WEIGHTS.reshape(-1, 4, 4), strict=True):
        found = np.zeros((4, 4))
        for path in picture.locator("path").all():
            for i, j in re.findall(r"M(\d+) (\d+)h", path.get_attribute("d") or ""):
                found[int(j), int(i)] = float(path.get_attribute("fill-opacity") or "nan")
        np.testing.assert_allclose(found, map_, atol=0.051)


def assert_text(figure: Any, name: str) -> None:
    """Compare the map of each head of a text with the weights given, and its names."""
    for number in range(2):
        figure.get_by_title(f"block 1, head {number + 1}").click()
        got = figure.evaluate("(figure) => figure.map")
        np.testing.assert_allclose(got, DATES[name][0, number], atol=1e-6)
    table = figure.locator(".live table")
    assert table.locator("thead th").all_inner_texts() == CHINESE[name]
    assert table.locator("tbody th").all_inner_texts() == ENGLISH[name]
    assert figure.locator(".live thead th:not([lang=zh])").count() == CHINESE[name].count("。")


def test_another_text_brings_its_own_rows_columns_and_queries(page):
    figure = page.locator("#heads-dates")
    assert_text(figure, "short")
    figure.get_by_role("radio", name="long").press("Space")
    assert_text(figure, "long")
    queries = figure.get_by_role("group", name="Query to follow")
    queries.get_by_role("radio").last.check()
    assert figure.locator(".live tr.selected th").inner_text() == "4"
    figure.get_by_role("radio", name="short").tap()
    assert_text(figure, "short")
    assert queries.get_by_role("radio", name=".").is_checked()  # the last there is


def bill(sizes: dict[str, int]) -> dict[str, Any]:
    """What the calculator must show, formula by formula from the library."""
    block = Block(sizes["d_model"], sizes["n_heads"], sizes["n_kv_heads"], sizes["d_ff"])
    n, blocks, batch, size = (sizes[key] for key in ("n_tokens", "n_blocks", "batch", "bytes"))
    seen = min(n, sizes["window"]) if sizes["window"] else n
    whole, windowed = block_cost(block, n), block_cost(block, n, seen, bytes_per_number=size)
    held = {"n_blocks": blocks, "batch": batch, "bytes_per_number": size}
    widths = [block.n_heads, block.n_kv_heads, 1]
    return {
        "projections": blocks * batch * whole.projections.multiplications,
        "scores": blocks * batch * windowed.scores.multiplications,
        "weighted_sum": blocks * batch * windowed.weighted_sum.multiplications,
        "feed_forward": blocks * batch * whole.feed_forward.multiplications,
        "score_bytes": batch * windowed.scores.bytes,
        "crossover": crossover_length(block),
        "caches": [
            kv_cache_bytes(Block(block.d_model, block.n_heads, g), seen, **held) for g in widths
        ],
    }


def assert_bill(figure: Any) -> dict[str, int]:
    """Compare the calculator with the library; return its sizes."""
    sizes, result = figure.evaluate("(figure) => [figure.data, figure.result]")
    expected = bill(sizes)
    assert set(result) == set(expected)
    for part, value in expected.items():
        # Beyond 64 bits an integer is no number to NumPy.
        got, exact = (np.array(numbers, dtype=float) for numbers in (result[part], value))
        np.testing.assert_allclose(got, exact, rtol=1e-6, err_msg=part)
    return sizes


def test_calculator_starts_from_what_it_was_given(page):
    sizes = assert_bill(page.locator("#cost-one"))
    assert sizes == {
        "n_tokens": 4096, "d_model": 512, "n_heads": 8, "n_kv_heads": 2, "d_ff": BLOCK.d_ff,
        "n_blocks": 6, "batch": 3, "window": 0, "bytes": 2,
    }  # fmt: skip


def test_calculator_by_fields_slider_and_radio(page):
    figure = page.locator("#cost-one")
    changes = {
        "tokens n": 1000, "width d": 768, "heads h": 12, "key-value heads g": 4, "batch": 5,
        "feed-forward width f": 0, "blocks": 3, "window w": 128,
    }  # fmt: skip
    for label, value in changes.items():
        figure.get_by_label(label).fill(str(value))
    figure.get_by_role("radio", name="4, float32").tap()
    assert list(assert_bill(figure).values()) == [1000, 768, 12, 4, 0, 3, 5, 128, 4]
    slider = figure.get_by_role("slider", name="Length")
    assert slider.get_attribute("aria-valuetext") == "1,000 tokens"
    slider.press("End")
    assert assert_bill(figure)["n_tokens"] == 2**24
    assert slider.get_attribute("aria-valuetext") == "16,777,216 tokens"
    assert figure.get_by_label("tokens n").input_value() == "16777216"


def test_random_sizes_cost_what_the_library_says(page):
    figure = page.locator("#cost-one")
    rng = np.random.default_rng(14)
    for _ in range(30):
        g, r, d_head = (int(x) for x in 2 ** rng.integers(0, 6, size=3))
        sizes = {
            "n_tokens": int(rng.integers(1, 10**6)), "d_model": g * r * d_head,
            "n_heads": g * r, "n_kv_heads": g, "d_ff": int(rng.integers(0, 9999)),
            "n_blocks": int(rng.integers(1, 99)), "batch": int(rng.integers(1, 99)),
            "window": int(rng.choice([0, 64, 10**7])), "bytes": int(rng.choice([1, 2, 4])),
        }  # fmt: skip
        figure.evaluate("(figure, sizes) => figure.change(sizes)", sizes)
        assert assert_bill(figure) == sizes


def test_sizes_that_do_not_divide_are_told_and_the_last_bill_stands(page):
    figure = page.locator("#cost-one")
    before = figure.evaluate("(figure) => figure.result")
    figure.get_by_label("heads h", exact=True).fill("7")
    heard(figure, "The width 512 is no multiple of 7 heads.")
    assert figure.locator(".fault").is_visible()
    assert figure.evaluate("(figure) => figure.result") == before
    figure.get_by_label("heads h", exact=True).fill("8")
    figure.get_by_label("key-value heads g").fill("3")
    heard(figure, "8 heads are no multiple of 3 key-value heads.")
    figure.get_by_label("key-value heads g").fill("8")
    assert not figure.locator(".fault").is_visible()
    assert assert_bill(figure)["n_kv_heads"] == 8


def assert_scaling(figure: Any) -> None:
    """Compare both ways of scaling with the library's, in full and as shown."""
    data, result = figure.evaluate("(figure) => [figure.data, figure.result]")
    root = np.sqrt(data["width"])
    table = shown(figure, "one query, its keys")
    for i, (way, factor) in enumerate({"divided": 1.0, "raw": root}.items()):
        scores = data["spread"] * factor * SCORES
        weights = softmax(scores)
        expected = {
            "scores": scores, "weights": weights, "spread": scores.std(),
            "size": np.linalg.norm(softmax_jacobian(weights)),
        }  # fmt: skip
        for name, value in expected.items():
            np.testing.assert_allclose(result[way][name], value, rtol=1e-6, atol=1e-9)
        assert result[way]["size"] == pytest.approx(expected["size"], rel=1e-9, abs=0)
        np.testing.assert_allclose(table[:, 2 * i + 1], weights, atol=5.1e-5)


def test_scaling_by_keyboard_and_mouse(page):
    figure = page.locator("#scaling-one")
    assert_scaling(figure)
    width, spread = (figure.get_by_role("slider", name=name) for name in ("Width", "Spread"))
    width.press("End")
    assert width.get_attribute("aria-valuetext") == "4096"
    assert_scaling(figure)
    box = spread.bounding_box()
    page.mouse.click(box["x"] + box["width"] - 10, box["y"] + box["height"] / 2)
    assert figure.evaluate("(figure) => figure.data.spread") == 8
    assert_scaling(figure)
    page.touchscreen.tap(*centre(width))
    assert figure.evaluate("(figure) => figure.data.width") == 64
    assert_scaling(figure)
    width.press("Home")
    result = figure.evaluate("(figure) => figure.result")
    assert result["raw"] == result["divided"]


def test_a_size_below_the_chart_is_marked_and_no_table_is_cut(page):
    figure = page.locator("#scaling-one")
    arrow = figure.get_by_text("not divided:", exact=True)
    figure.evaluate("(f) => { f.data = { width: 64, spread: 1 }; f.update(); }")
    assert arrow.count() == 0
    figure.evaluate("(f) => { f.data = { width: 4096, spread: 8 }; f.update(); }")
    assert arrow.count() == 1
    assert figure.locator(".wide").count() == 0
    labels = [each.bounding_box() for each in figure.locator(".chart text").all()]
    assert not [
        (a, b)
        for a, b in combinations([box for box in labels if box["width"]], 2)
        if a["x"] < b["x"] + b["width"]
        and b["x"] < a["x"] + a["width"]
        and a["y"] < b["y"] + b["height"] / 2
        and b["y"] < a["y"] + a["height"] / 2
    ]


def test_random_spreads_and_widths_give_the_library_s_numbers(page):
    figure = page.locator("#scaling-one")
    rng = np.random.default_rng(15)
    for _ in range(15):
        data = {"width": int(2 ** rng.integers(13)), "spread": float(2 ** rng.uniform(-3, 3))}
        figure.evaluate("(f, data) => { f.data = data; f.update(); }", data)
        assert_scaling(figure)


def assert_rope(figure: Any) -> dict[str, int]:
    """Compare turned pairs and score with the library's; return the positions."""
    data, turned, result = figure.evaluate(
        "(figure) => [figure.data, figure.turned, figure.result]"
    )
    s, t = (data[name] + data["both"] for name in "st")
    q, k = rope(QUERY[None], offset=s)[0], rope(KEY[None], offset=t)[0]
    np.testing.assert_allclose(np.transpose(turned["query"]).ravel(), q, atol=1e-6)
    np.testing.assert_allclose(np.transpose(turned["key"]).ravel(), k, atol=1e-6)
    np.testing.assert_allclose(result["score"], q @ k, atol=1e-6)
    np.testing.assert_allclose(result["relative"], q @ k, atol=1e-6)
    np.testing.assert_allclose(shown(figure, "turned")[:, -1].sum(), q @ k, atol=3e-4)
    return data


def test_rope_by_keyboard_and_the_score_stays_when_both_move(page):
    figure = page.locator("#rope-one")
    assert assert_rope(figure) == {"s": 0, "t": 5, "both": 0}
    before = figure.evaluate("(figure) => figure.result.score")
    both = figure.get_by_role("slider", name="Both moved by")
    both.press("End")
    assert assert_rope(figure)["both"] == 1000
    assert figure.evaluate("(figure) => figure.result.score") == pytest.approx(before, abs=1e-9)
    figure.get_by_role("slider", name="Position i").press("ArrowRight")
    figure.get_by_role("slider", name="Position j").press("ArrowLeft")
    assert assert_rope(figure) == {"s": 1, "t": 4, "both": 1000}
    q, k = rope(QUERY[None], offset=1001)[0], rope(KEY[None], offset=1004)[0]
    heard(figure, f"Query at 1001, key at 1004, distance -3: score {q @ k:.4f}".replace("-", "−"))


@pytest.mark.parametrize("name", ["query", "key"])
def test_a_hand_is_dragged_by_mouse_and_by_finger(page, name):
    figure = page.locator("#rope-one")
    figure.scroll_into_view_if_needed()
    place = {"query": "s", "key": "t"}[name]
    before = assert_rope(figure)[place]
    tip = figure.locator(f".{name} .hit").nth(1)
    middle = centre(figure.locator("svg.face .axes").nth(1))
    page.mouse.move(*centre(tip))
    page.mouse.down()
    # Pair 2 turns by 0.1 a position; half a radian to the left is five positions on.
    page.mouse.move(*turned(centre(tip), middle, 0.5), steps=4)
    page.mouse.up()
    assert assert_rope(figure)[place] == before + 5
    start = centre(tip)
    top = page.evaluate("window.scrollY")
    touch = page.context.new_cdp_session(page)
    for (x, y), kind in [(start, "touchStart"), (turned(start, middle, 0.3), "touchMove")]:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert assert_rope(figure)[place] == before + 8
    assert page.evaluate("window.scrollY") == top > 0


def turned(point: tuple[float, float], middle: tuple[float, float], angle: float) -> Any:
    """Return a point of the screen turned to the left about another."""
    z = complex(*point) - complex(*middle)
    w = complex(*middle) + z * np.exp(-1j * angle)  # y points down
    return w.real, w.imag


def test_random_rows_and_bases_give_the_library_s_score(browser):
    """Figures of other widths and bases, each on a page of its own kind."""
    rng = np.random.default_rng(16)
    page = browser.new_page()
    for pairs in (1, 2, 3, 6):
        q, k = rng.normal(size=(2, 2 * pairs))
        s, t = (int(x) for x in rng.integers(0, 65, size=2))
        base = float(rng.uniform(2, 20000))
        figure = explorers.rope(q, k, query_position=s, key_position=t, base=base, name="any")
        page.set_content(figure._repr_html_())
        score = page.locator("#rope-any").evaluate("(figure) => figure.result.score")
        q, k = (rope(x[None], offset=at, base=base)[0] for x, at in ((q, s), (k, t)))
        assert score == pytest.approx(q @ k, abs=1e-6)
    page.close()
