"""The live figures in a browser: mouse, touch and keyboard move them as the library says."""

import re
from typing import Any

import numpy as np
import pytest

from qkv_lib import attention_steps, causal_mask, explorers, padding_mask
from qkv_lib.language import VARIABLE
from tests.browser import need_browser
from tests.explorers.conftest import KEYS, VALUES, WORDS, X, centre, heard, shown
from tests.holds import holds

need_browser()
KINDS = ("steps", "lookup")
STAGES = ["scores", "scaled", "masked", "weights", "output"]


def assert_steps(figure: Any, **given: Any) -> None:
    """Compare all stages with the library's, in full."""
    expected = attention_steps(**{"query": X, "key": X, "value": X, **given})._asdict()
    result = figure.evaluate("(figure) => figure.result")
    for stage in STAGES:
        np.testing.assert_allclose(np.array(result[stage], float), expected[stage], atol=1e-6)


def assert_lookup(figure: Any) -> np.ndarray:
    """Compare weights and output with the library's, in full and as shown; return the query."""
    data, result = figure.evaluate("(figure) => [figure.data, figure.result]")
    query = np.array(data["query"])
    scale = 1 / data["temperature"]
    distance = data["score"] == "distance"
    bias = -scale * (KEYS**2).sum(axis=1) / 2 if distance else None
    expected = attention_steps(query[None], KEYS, VALUES, scale=scale, bias=bias)
    np.testing.assert_allclose(result["weights"], expected.weights[0], atol=1e-6)
    np.testing.assert_allclose(result["output"], expected.output[0], atol=1e-6)
    table = shown(figure, "each key")
    np.testing.assert_allclose(table[:, -1], expected.weights[0], atol=5.1e-5)
    return query


def test_step_buttons_walk_through_the_library_s_stages(page):
    figure = page.locator("#steps-one")
    expected = attention_steps(X, X, X)._asdict()
    for i, stage in enumerate(STAGES):
        if i:
            figure.get_by_role("button", name="Next").click()
        np.testing.assert_allclose(shown(figure, f"{stage}:"), expected[stage], atol=5.1e-5)
    assert_steps(figure)
    figure.get_by_role("button", name="Previous").click()
    assert figure.locator("[aria-current=step]").inner_text() == "4 Softmax"


def test_steps_by_keyboard(page):
    figure = page.locator("#steps-one")
    figure.get_by_role("button", name="Next").focus()
    for _ in range(7):  # more often than there are steps: the last one stays, and the focus too
        page.keyboard.press("Enter")
    assert figure.locator("[aria-current=step]").inner_text() == "5 Output"
    figure.get_by_role("radio", name="none").focus()
    page.keyboard.press("ArrowRight")
    assert_steps(figure, mask=causal_mask(4))


def test_edited_numbers_move_the_result_of_their_figure_only(page):
    figure, other = page.locator("#steps-one"), page.locator("#steps-two")
    query, value = X.copy(), X.copy()
    figure.get_by_label("query of word2, feature 1").fill("-3.25")
    figure.get_by_label("value of word4, feature 2").fill("1e3")
    query[1, 0], value[3, 1] = -3.25, 1e3
    assert_steps(figure, query=query, value=value)
    assert_steps(other, query=-X)


@pytest.mark.parametrize("operand", ["query", "key", "value"])
def test_each_operand_is_edited_apart_from_the_others(page, operand):
    figure = page.locator("#steps-one")
    rng = np.random.default_rng(11)
    given = dict.fromkeys(("query", "key", "value"), X)
    given[operand] = rng.normal(size=X.shape).round(3)
    for (i, j), x in np.ndenumerate(given[operand]):
        figure.get_by_label(f"{operand} of {WORDS[i]}, feature {j + 1}").fill(str(x))
    assert_steps(figure, **given)


def test_random_operands_and_masks_give_the_library_s_numbers(page):
    figure = page.locator("#steps-one")
    rng = np.random.default_rng(12)
    for spread in (0.1, 1.0, 30.0):
        for _ in range(10):
            q, k, v = spread * rng.normal(size=(3, 4, 2))
            mask = rng.random((4, 4)) < 0.6
            given = {"query": q, "key": k, "value": v, "mask": mask}
            figure.evaluate(
                "(figure, data) => { figure.data = data; figure.update(); }",
                {name: array.tolist() for name, array in given.items()},
            )
            assert_steps(figure, **given)


def test_the_preset_masks_are_the_library_s(page):
    figure = page.locator("#steps-one")
    presets = figure.get_by_role("group", name="Mask")
    presets.get_by_role("radio", name="padding (word4)").check()
    three_of_four = padding_mask(np.array([3]), 4, n_axes=3)[0]
    assert_steps(figure, mask=np.tile(three_of_four, (4, 1)))
    presets.get_by_role("radio", name="causal").check()
    assert_steps(figure, mask=causal_mask(4))
    presets.get_by_role("radio", name="none").check()
    assert_steps(figure)


@pytest.mark.parametrize("text", ["", "1e9", "-"])
def test_what_is_no_number_is_marked_and_changes_nothing(page, text):
    figure = page.locator("#steps-one")
    field = figure.get_by_label("key of word1, feature 1")
    field.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.type(text)
    assert field.get_attribute("aria-invalid") == "true"
    assert_steps(figure)


def test_ticks_make_a_custom_mask_and_a_fully_masked_row_is_zero(page):
    figure = page.locator("#steps-one")
    for word in WORDS:
        figure.get_by_label(f"word3 may attend to {word}").press("Space")
    assert figure.get_by_role("radio", name="custom").is_checked()
    mask = np.ones((4, 4), dtype=bool)
    mask[2] = False
    figure.get_by_role("button", name="Softmax").tap()
    np.testing.assert_array_equal(shown(figure, "weights:")[2], np.zeros(4))
    np.testing.assert_array_equal(shown(figure, "masked:")[2], np.full(4, -np.inf))
    figure.get_by_role("button", name="Output").tap()
    np.testing.assert_array_equal(shown(figure, "output:")[2], np.zeros(2))
    expected = attention_steps(X, X, X, mask=mask).output
    np.testing.assert_allclose(shown(figure, "output:"), expected, atol=5.1e-5)


def test_a_screen_reader_hears_the_selected_query_s_numbers(page):
    figure = page.locator("#steps-one")
    figure.get_by_role("button", name="Softmax").click()
    figure.get_by_role("radio", name="word2").click()
    weights = attention_steps(X, X, X).weights[1]
    spoken = ", ".join(f"{word} {w:.4f}" for word, w in zip(WORDS, weights, strict=True))
    heard(figure, f"Step 4 of 5, Softmax. Query word2: {spoken}")


def test_query_is_dragged_by_the_mouse(page):
    figure = page.locator("#lookup-one")
    figure.scroll_into_view_if_needed()
    page.mouse.move(*centre(figure.locator(".knob")))
    page.mouse.down()
    page.mouse.move(*centre(figure.locator(".rim").nth(2)), steps=5)
    page.mouse.up()
    np.testing.assert_allclose(assert_lookup(figure), KEYS[2], atol=0.02)


def test_query_is_dragged_by_a_finger_and_the_page_stays(page):
    figure = page.locator("#lookup-one")
    figure.scroll_into_view_if_needed()
    top = page.evaluate("window.scrollY")
    start, end = centre(figure.locator(".knob")), centre(figure.locator(".rim").nth(3))
    touch = page.context.new_cdp_session(page)
    points = [(start, "touchStart"), ((end[0], start[1]), "touchMove"), (end, "touchMove")]
    for (x, y), kind in points:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    np.testing.assert_allclose(assert_lookup(figure), KEYS[3], atol=0.02)
    assert page.evaluate("window.scrollY") == top > 0
    page.touchscreen.tap(*centre(figure.locator(".rim").nth(1)))
    np.testing.assert_allclose(assert_lookup(figure), KEYS[1], atol=0.02)


@holds("The figures that answer to a pointer and a keyboard")
def test_query_and_temperature_by_keyboard(page):
    figure = page.locator("#lookup-one")
    before = assert_lookup(figure)
    figure.get_by_role("slider", name="query").press("ArrowRight")
    page.keyboard.press("ArrowUp")
    # Each press is 2 % of the plane, which is seen.
    width = 2 * figure.evaluate("(figure) => figure.reachOfPlane")
    moved = assert_lookup(figure) - before
    message = "the arrow keys → and ↑ move the query by 2 % of the plane, right and up"
    np.testing.assert_allclose(moved, 0.02 * width, atol=0.002, err_msg=message)
    figure.get_by_label("query, y").fill("-0.75")
    figure.get_by_label("query, x").fill("0.1")
    message = "the query stands where its fields say"
    np.testing.assert_allclose(assert_lookup(figure), [0.1, -0.75], atol=1e-6, err_msg=message)
    slider = figure.get_by_label("temperature")
    slider.press("Home")
    assert figure.evaluate("(figure) => figure.data.temperature") == 1 / 32
    slider.press("End")
    figure.get_by_role("radio", name="‖").check()
    assert_lookup(figure)
    figure.get_by_role("button", name="Reset").press("Enter")
    assert assert_lookup(figure).tolist() == [0.8, 0.3]
    assert figure.evaluate("(figure) => figure.data.temperature") == 0.25
    assert figure.get_by_role("radio", name="q · k").is_checked()


def test_the_name_of_a_key_stands_clear_of_its_line(page):
    figure = page.locator("#lookup-one")
    first = "(figure) => figure.rims[0].lastChild.getAttribute('y')"
    for y, side in (("0.9", "23"), ("-0.9", "-16")):  # key 1 is at (1, 0)
        figure.get_by_label("query, y").fill(y)
        assert figure.evaluate(first) == side


@pytest.mark.parametrize("query", [[0.9, -0.1], [0.9, 0.1], [0.5, 0.0], [1.0, 0.0], [1.0, -0.2]])
def test_the_name_of_the_query_hides_no_name_of_an_axis(page, query):
    figure = page.locator("#lookup-named")
    figure.evaluate("(figure, query) => figure.move(query)", query)
    name = figure.locator("svg text", has_text="query").bounding_box()
    for axis in ("sweet →", "↑ size"):
        other = figure.locator("svg text", has_text=axis).bounding_box()
        apart = [
            name[start] + name[size] <= other[start] or other[start] + other[size] <= name[start]
            for start, size in (("x", "width"), ("y", "height"))
        ]
        assert any(apart), f"{axis!r} is hidden where the query is {query}"


def test_random_lookups_give_the_library_s_numbers(page):
    figure = page.locator("#lookup-one")
    rng = np.random.default_rng(13)
    for _ in range(20):
        data = {
            "query": rng.uniform(-1, 1, size=2).tolist(),
            "temperature": 2 ** rng.uniform(-5, 5),
            "score": str(rng.choice(["dot", "distance"])),
        }
        figure.evaluate("(f, data) => { f.data = data; f.update(); }", data)
        assert_lookup(figure)


def test_query_keeps_to_the_plane(page):
    figure = page.locator("#lookup-one")
    figure.get_by_role("slider", name="query").focus()
    for _ in range(80):
        page.keyboard.press("ArrowLeft")
    assert assert_lookup(figure)[0] == -figure.evaluate("(figure) => figure.reachOfPlane")


# JupyterLab sets innerHTML, then puts a fresh script in the place of each script; a page of the
# book does so before the output is in the document.
INSERT = """(html) => {
  for (const round of [1, 2]) {
    const output = document.createElement("div");
    if (round === 1) document.body.append(output);
    output.innerHTML = html;
    for (const old of output.querySelectorAll("script")) {
      const fresh = document.createElement("script");
      fresh.textContent = old.textContent;
      old.replaceWith(fresh);
    }
    if (round === 2) document.body.append(output);
  }
}"""


def test_an_output_inserted_later_comes_alive_as_in_jupyterlab(page):
    late = explorers.steps(X, X, 2 * X, tokens=WORDS, name="late")
    page.evaluate(INSERT, late._repr_html_())
    for figure in page.locator("#steps-late").all():
        assert_steps(figure, value=2 * X)


def test_a_figure_of_a_chinese_notebook_speaks_chinese_and_goes_on(page, monkeypatch):
    monkeypatch.setenv(VARIABLE, "zh_CN")
    page.evaluate(INSERT, explorers.steps(X, X, X, tokens=WORDS, name="again")._repr_html_())
    figures = page.locator("#steps-again").all()
    assert len(figures) == 2
    for figure in figures:
        shown = [live_text(figure)]
        figure.get_by_role("button", name="下一步").click()
        shown.append(live_text(figure))
        assert shown[0] != shown[1]
        assert [re.findall(r"(?!word|[Ss]oftmax)\b[A-Za-z]{4,}", each) for each in shown] == [
            [],
            [],
        ]


def live_text(figure: Any) -> str:
    return str(figure.locator(".live").inner_text())
