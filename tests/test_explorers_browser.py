"""The live figures in a browser: mouse, touch and keyboard move them as the library says."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qkv_lib import attention_steps, causal_mask, explorers

playwright = pytest.importorskip(
    "playwright.sync_api", reason="needs the package playwright, and chromium on the PATH"
)
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
if CHROMIUM is None:
    pytest.skip("needs chromium on the PATH (Debian: chromium)", allow_module_level=True)

X = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])
WORDS = ["word1", "word2", "word3", "word4"]
KEYS = np.array([[1.0, 0.0], [0.5, 0.9], [-0.5, 0.9], [-1.0, -0.4]])
VALUES = np.array([[10.0, 1.0], [20.0, 2.0], [30.0, 4.0], [40.0, 8.0]])
STAGES = ["scores", "scaled", "masked", "weights", "output"]
WEIGHTS = np.random.default_rng(4).dirichlet(np.ones(4), size=(2, 3, 4))
FIGURES = (
    explorers.steps(X, X, X, tokens=WORDS, name="one"),
    explorers.steps(-X, X, X, tokens=WORDS, name="two"),
    explorers.lookup(np.array([0.8, 0.3]), KEYS, VALUES, temperature=0.25, name="one"),
    explorers.heads(WEIGHTS, tokens=WORDS, block=1, head=0, name="one"),
)
HEAD = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Figures</title>'
PHONE = '<meta name="viewport" content="width=device-width">'


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as engines:
        chromium = engines.chromium.launch(executable_path=CHROMIUM)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("figures") / "figures.html"
    figures = "".join(figure._repr_html_() for figure in FIGURES)
    path.write_text(f"{HEAD}{PHONE}<body>{figures}", encoding="utf-8")
    return path


@pytest.fixture
def page(browser: Any, file: Path) -> Iterator[Any]:
    """Open the figures from a file, on a touch screen; fail on any complaint or request."""
    context = browser.new_context(has_touch=True, viewport={"width": 900, "height": 1600})
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: request.url == file.as_uri() or faults.append(request.url))
    page.goto(file.as_uri())
    yield page
    context.close()
    assert faults == []


def shown(figure: Any, caption: str, tables: str = ".live table") -> np.ndarray:
    """Return the numbers a reader sees in the table of this caption."""
    box = figure.locator(tables).filter(has=figure.page.locator("caption", has_text=caption))
    rows = [row.locator("td").all_inner_texts() for row in box.locator("tbody tr").all()]
    return np.array([[float(x.replace("−", "-").replace("∞", "inf")) for x in r] for r in rows])


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
    table = shown(figure, "found softly")
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
    status = figure.get_by_role("status")
    playwright.expect(status).to_have_text(f"Step 4 of 5, Softmax. Query word2: {spoken}")


def centre(place: Any) -> tuple[float, float]:
    box = place.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


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


def test_query_and_temperature_by_keyboard(page):
    figure = page.locator("#lookup-one")
    before = assert_lookup(figure)
    figure.get_by_role("slider", name="query").press("ArrowRight")
    page.keyboard.press("ArrowUp")
    assert (assert_lookup(figure) > before).all()
    figure.get_by_label("query, y").fill("-0.75")
    figure.get_by_label("query, x").fill("0.1")
    assert assert_lookup(figure).tolist() == [0.1, -0.75]
    slider = figure.get_by_label("temperature")
    slider.press("Home")
    assert figure.evaluate("(figure) => figure.data.temperature") == 1 / 32
    slider.press("End")
    figure.get_by_role("radio", name="‖").check()
    assert_lookup(figure)


def test_query_keeps_to_the_plane(page):
    figure = page.locator("#lookup-one")
    figure.get_by_role("slider", name="query").focus()
    for _ in range(80):
        page.keyboard.press("ArrowLeft")
    assert assert_lookup(figure)[0] == -figure.evaluate("(figure) => figure.reachOfPlane")


def test_heads_are_chosen_by_mouse_and_keyboard(page):
    figure = page.locator("#heads-one")
    np.testing.assert_allclose(shown(figure, "block 2, head 1"), WEIGHTS[1, 0], atol=5.6e-3)
    figure.get_by_role("group", name="Head").get_by_role("radio", name="3").check()
    np.testing.assert_allclose(shown(figure, "block 2, head 3"), WEIGHTS[1, 2], atol=5.6e-3)
    figure.get_by_role("group", name="Block").get_by_role("radio", name="2").press("ArrowLeft")
    np.testing.assert_allclose(shown(figure, "block 1, head 3"), WEIGHTS[0, 2], atol=5.6e-3)
    figure.get_by_role("radio", name="word4").check()
    assert figure.locator(".live tr.selected th").inner_text() == "word4"
    spoken = ", ".join(
        f"{word} {w:.2f}" for word, w in zip(WORDS, np.round(WEIGHTS[0, 2, 3], 3), strict=True)
    )
    status = figure.get_by_role("status")
    playwright.expect(status).to_have_text(f"block 1, head 3. Query word4: {spoken}")


def test_every_field_has_a_name(page):
    names = page.evaluate(
        """() => [...document.querySelectorAll("[data-explorer]")].flatMap((figure) =>
          [...figure.shadowRoot.querySelectorAll("input")].map((field) =>
            field.ariaLabel || [...field.labels].map((label) => label.textContent).join("")))"""
    )
    assert len(names) > 80
    assert all(name.strip() for name in names)


@pytest.mark.parametrize("step", range(5))
def test_a_phone_is_wide_enough(page, step):
    page.set_viewport_size({"width": 360, "height": 700})
    for name in ("one", "two"):
        page.locator(f"#steps-{name} [data-step='{step}']").click()
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_print_shows_the_static_page(page):
    page.emulate_media(media="print")
    assert not page.locator("#steps-one .live").is_visible()
    assert page.locator("#steps-one > div table").first.is_visible()


def test_without_scripts_the_static_page_stands(browser, file):
    page = browser.new_page(java_script_enabled=False)
    page.goto(file.as_uri())
    np.testing.assert_allclose(
        shown(page.locator("#steps-one"), "output:", "> div table"),
        attention_steps(X, X, X).output,
        atol=5.1e-5,
    )
    page.close()


def test_an_output_inserted_later_comes_alive_as_in_jupyterlab(page):
    """JupyterLab sets innerHTML, then puts a fresh script in the place of each script."""
    page.evaluate(
        """(html) => {
          for (const round of [1, 2]) {
            const output = document.createElement("div");
            document.body.append(output);
            output.innerHTML = html;
            for (const old of output.querySelectorAll("script")) {
              const fresh = document.createElement("script");
              fresh.textContent = old.textContent;
              old.replaceWith(fresh);
            }
          }
        }""",
        explorers.steps(X, X, 2 * X, tokens=WORDS, name="late")._repr_html_(),
    )
    for figure in page.locator("#steps-late").all():
        assert_steps(figure, value=2 * X)
