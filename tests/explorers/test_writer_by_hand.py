"""The GPT in a page: it loads from a file, and computes what the library computes."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from qkv_lib import explorers
from qkv_lib.data.pieces import load_pieces
from qkv_lib.explorers.writer import SOURCE, weights_script
from qkv_lib.layers import recorded_weights
from qkv_lib.models.gpt import GPT, new_gpt
from qkv_lib.models.sampling import next_probabilities
from tests.browser import need_browser, settled
from tests.explorers.conftest import HEAD, heard

need_browser()
PIECES = load_pieces()
TEXT = "The method iter() returns, e.g., 42 lists if x is None; see `StopIteration`.\nOtherwise {"


def made() -> GPT:
    model = new_gpt(np.random.default_rng(0), d_model=16, n_heads=2)
    torch.manual_seed(0)
    with torch.no_grad():
        for each in model.parameters():
            each.copy_((each + 0.2 * torch.randn_like(each)).half().float())
    return model.eval()


MODEL = made()
FIGURE = explorers.writer(MODEL, PIECES, ["The function returns", "If the"], name="one")


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """Open the figure from a file; fail on any complaint, and on any request but the one."""
    place = tmp_path / "page.html"
    place.write_text(f"{HEAD}<body><main>{FIGURE._repr_html_()}</main>", encoding="utf-8")
    weights = tmp_path / SOURCE
    weights.parent.mkdir()
    weights.write_text(weights_script(MODEL, PIECES), encoding="utf-8")
    page = browser.new_page(viewport={"width": 900, "height": 1000})
    page.requested = []
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: page.requested.append(request.url))
    page.goto(place.as_uri())
    yield page
    assert set(page.requested) <= {place.as_uri(), weights.as_uri()}
    page.close()
    assert faults == []


def reads(figure: Any, n: int) -> None:
    figure.page.wait_for_function(
        f"(figure) => figure.gpt?.logits.length === {n}", arg=figure.element_handle()
    )


def test_the_model_in_the_page_is_that_of_the_library(page) -> None:
    figure = page.locator("#writer-one")
    assert len(page.requested) == 1  # the weights come at the first use
    figure.get_by_label("Your own text").fill(TEXT)
    ids = PIECES.encode(TEXT)
    reads(figure, len(ids))
    assert figure.evaluate("(figure) => figure.gpt.ids") == ids.tolist()
    with torch.no_grad(), recorded_weights(MODEL) as recorded:
        expected = MODEL(torch.tensor(ids)[None])[0].numpy()
    found = figure.evaluate("(figure) => figure.gpt.logits.map((row) => Array.from(row))")
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)
    maps = figure.evaluate("(figure) => figure.state.maps")
    for block, (weights,) in enumerate(recorded.values()):
        for head in range(2):
            for i, row in enumerate(maps[block][head]):
                np.testing.assert_allclose(row, weights[0, head, i, : i + 1], rtol=0, atol=1e-5)


def test_what_is_shown_before_the_model_comes_is_what_it_computes(page) -> None:
    figure = page.locator("#writer-one")
    before = figure.evaluate("(figure) => [figure.state, figure.following()]")
    figure.get_by_role("radio", name="If the", exact=True).check()
    reads(figure, len(PIECES.encode("If the")))
    figure.get_by_role("radio", name="The function returns").check()
    reads(figure, len(before[0]["pieces"]))
    after = figure.evaluate("(figure) => [figure.state, figure.following()]")
    assert before[0]["pieces"] == after[0]["pieces"]
    for one, two in zip(before[1], after[1], strict=True):
        assert one[0] == two[0]
        assert one[1] == pytest.approx(two[1], abs=6e-4)
    for head in range(2):
        for one, two in zip(before[0]["maps"][1][head], after[0]["maps"][1][head], strict=True):
            np.testing.assert_allclose(one, two, atol=6e-4)


def test_the_dials_shape_the_draw_as_in_the_library(page) -> None:
    figure = page.locator("#writer-one")
    figure.get_by_role("radio", name="If the", exact=True).check()
    reads(figure, len(PIECES.encode("If the")))
    z = np.array(figure.evaluate("(figure) => Array.from(figure.gpt.logits.at(-1))"))
    for temperature, top_p in ((1.0, 1.0), (0.6, 0.8), (2.0, 0.25)):
        for label, value in (("Temperature", temperature), ("Top-p", top_p)):
            figure.get_by_role("slider", name=label).fill(str(value))
        settled(page)
        expected = next_probabilities(z, temperature=temperature, top_p=top_p)
        shown = dict(figure.evaluate("(figure) => figure.following()"))
        for piece, p in shown.items():
            assert p == pytest.approx(expected[PIECES.pieces.index(piece)], abs=1e-6)
        assert max(shown.values()) == pytest.approx(expected.max())


def test_it_writes_what_is_drawn_and_says_so(page) -> None:
    figure = page.locator("#writer-one")
    figure.evaluate("(figure) => { figure.random = () => 0; }")
    start = PIECES.encode("The function returns").tolist()
    figure.get_by_role("button", name="Write one token").click()
    reads(figure, len(start) + 1)
    (drawn,) = figure.evaluate("(figure) => figure.gpt.ids.slice(-1)")
    assert drawn == 0  # the first with any probability
    figure.get_by_role("slider", name="Top-p").fill("0.1")
    figure.get_by_role("button", name="Write 20").click()
    reads(figure, len(start) + 21)
    ids = figure.evaluate("(figure) => figure.gpt.ids")
    assert figure.get_by_label("Your own text").input_value() == PIECES.decode(ids)
    assert figure.locator(".piece").count() == len(ids)
    heard(figure, re.compile("^After "))


def test_a_token_is_picked_by_mouse_and_keyboard_before_anything_is_loaded(page) -> None:
    figure = page.locator("#writer-one")
    figure.locator(".piece").first.click()
    assert figure.evaluate("(figure) => figure.row") == 0
    page.keyboard.press("ArrowRight")
    assert figure.evaluate("(figure) => figure.row") == 1
    assert len(page.requested) == 1
    assert figure.locator(".all-heads tbody tr").count() == 4
    assert figure.locator(".all-heads tbody tr").first.locator("td").count() == 2


def test_what_the_model_does_not_know_is_named(page) -> None:
    figure = page.locator("#writer-one")
    field = figure.get_by_label("Your own text")
    for text, fault in (
        ("café 猫", "The model knows no é 猫: letters of English, digits and signs only."),
        ("", "One character at least."),
        ("x1" * 80, "At most 128 tokens; these are 160."),
    ):
        field.fill(text)
        page.wait_for_function(
            "([figure, fault]) => figure.fault.textContent === fault",
            arg=[figure.element_handle(), fault],
        )
        assert field.get_attribute("aria-invalid") == "true"
        heard(figure, fault)


def test_without_its_weights_it_says_so(browser, tmp_path) -> None:
    place = tmp_path / "alone.html"
    place.write_text(f"{HEAD}<body>{FIGURE._repr_html_()}", encoding="utf-8")
    page = browser.new_page()
    page.goto(place.as_uri())
    figure = page.locator("#writer-one")
    figure.get_by_role("button", name="Write one token").click()
    page.wait_for_function(
        "(figure) => figure.fault.textContent.includes('could not be loaded')",
        arg=figure.element_handle(),
    )
    page.close()


@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_nothing_and_a_phone_is_wide_enough(page, width) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.set_viewport_size({"width": width, "height": 1000})
    settled(page)
    found = Axe().run(page, context="main").response["violations"]
    assert [(rule["id"], [n["target"] for n in rule["nodes"]]) for rule in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
