"""Every live figure is for everyone: named, spoken, visible, and there without scripts."""

import re
from pathlib import Path

import numpy as np
import pydata_sphinx_theme
import pytest
from axe_playwright_python.sync_playwright import Axe

from qkv_lib import attention_steps
from tests.book.visits import CONTRAST, OF_LINKS, STANDARD
from tests.browser import need_browser, settled
from tests.explorers.conftest import FIGURES, HEAD, X, heard, shown

need_browser()
RULES = {"runOnly": STANDARD}
COLOURS = {"runOnly": {"type": "rule", "values": [CONTRAST, OF_LINKS]}}
STYLES = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static/styles"
THEME = (STYLES / "pydata-sphinx-theme.css").read_text(encoding="utf-8")
# What JupyterLab's dark theme sets, of all that the figures read.
JUPYTER_DARK = """
  --jp-content-font-color1: #fff; --jp-content-font-color2: rgba(255, 255, 255, 0.7);
  --jp-layout-color0: #111; --jp-layout-color2: #424242; --jp-border-color1: #616161;
  --jp-brand-color1: #2196f3; --jp-error-color1: #f44336;
"""
THEMED = f"<style>{THEME}</style>"
PLACES = {  # what colours the page, and the attributes of its body
    "alone": ("", ""),
    "book, light": (THEMED, 'data-theme="light"'),
    "book, dark": (THEMED, 'data-theme="dark"'),
    "JupyterLab, dark": (
        f"<style>body {{ color: #fff; background: #111 }} html {{ {JUPYTER_DARK} }}</style>",
        'data-jp-theme-light="false"',
    ),
}


@pytest.mark.parametrize("name", PLACES)
def test_axe_finds_nothing_in_any_figure(browser, name):
    """By every rule in one place, in two widths; of the others the colours alone differ."""
    style, attributes = PLACES[name]
    figures = "".join(figure._repr_html_() for figure in FIGURES if figure.id != "steps-two")
    page = browser.new_page()
    page.set_content(HEAD.replace("<html", f"<html {attributes}") + f"{style}<body><main>{figures}")
    if name == "book, light":
        rules, widths = RULES, (1280, 360)
        expected = {"color-contrast", "label", "target-size", "aria-allowed-attr"}
    else:
        rules, widths, expected = COLOURS, (1280,), {"color-contrast"}
    for width in widths:
        page.set_viewport_size({"width": width, "height": 1000})
        settled(page)  # the boxes that scroll are measured, and take the focus
        found = Axe().run(page, context="main", options=rules).response
        faults = [
            (rule["id"], node["target"], node["failureSummary"])
            for rule in found["violations"]
            for node in rule["nodes"]
        ]
        assert faults == []
        assert expected <= {rule["id"] for rule in found["passes"]}
    page.close()


def test_every_field_has_a_name(page):
    names = page.evaluate(
        """() => [...document.querySelectorAll("[data-explorer]")].flatMap((figure) =>
          [...figure.shadowRoot.querySelectorAll("input")].map((field) =>
            field.ariaLabel || [...field.labels].map((label) => label.textContent).join("")))"""
    )
    assert len(names) > 80
    assert all(name.strip() for name in names)


def test_a_phone_is_wide_enough(page):
    page.set_viewport_size({"width": 360, "height": 700})
    for step in range(5):
        page.locator(f"#steps-one [data-step='{step}']").click()
        assert page.evaluate("document.documentElement.scrollWidth") == 360


# Each control's own box, or the label that answers for it.
TARGETS = """(figure) =>
  [...figure.shadowRoot.querySelectorAll("button, input, .hit")].map((control) => {
    const { width, height } = (control.closest("label") ?? control).getBoundingClientRect();
    return [Math.min(width, height), control.ariaLabel ?? control.className.baseVal ?? ""];
  })"""


@pytest.mark.parametrize("width", [1280, 360])
def test_every_target_is_large_enough(page, width):
    page.set_viewport_size({"width": width, "height": 1000})
    for figure in FIGURES:
        targets = page.locator(f"#{figure.id}").evaluate(TARGETS)
        assert targets
        assert [target for target in targets if target[0] < 24] == []


def test_the_focus_is_seen_on_whatever_takes_it(page):
    """Walk the whole page with the tabulator key."""
    seen = set()
    for _ in range(400):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            """() => {
              const host = document.activeElement;
              const at = host.shadowRoot?.activeElement;
              if (!at) return null;
              const ring = at.querySelector(".hit") ?? at;
              const { outlineStyle, outlineWidth, strokeWidth } = getComputedStyle(ring);
              return [host.id, ring === at ? outlineStyle : "solid",
                parseFloat(ring === at ? outlineWidth : strokeWidth)];
            }"""
        )
        if outline is None:
            break
        assert outline[1] == "solid"
        assert outline[2] >= 2
        seen.add(outline[0])
    assert seen == {figure.id for figure in FIGURES}


def test_nothing_moves_of_itself(page):
    page.emulate_media(reduced_motion="reduce")
    for figure in FIGURES:
        running = page.locator(f"#{figure.id}").evaluate(
            "(figure) => [...figure.shadowRoot.querySelectorAll('*')].flatMap("
            "(node) => node.getAnimations()).length"
        )
        assert running == 0


def test_every_figure_speaks_when_it_has_changed(page):
    """And not before: a page that opens is not read out figure by figure."""
    from playwright.sync_api import expect

    page.wait_for_timeout(500)
    for figure in FIGURES:
        live = page.locator(f"#{figure.id}")
        status = live.get_by_role("status")
        expect(status).to_have_text("")
        control = live.locator(".live input:not([type=checkbox], [type=text])").last
        control.press("Space" if control.get_attribute("type") == "radio" else "ArrowRight")
        expect(status).to_have_text(re.compile(r"\d"))


def test_a_slider_speaks_its_meaning(page):
    sliders = page.locator(".live").get_by_role("slider")
    assert sliders.count() >= 7
    assert all(slider.get_attribute("aria-valuetext") for slider in sliders.all())


@pytest.mark.parametrize("media", ["screen", "print"])
def test_print_shows_the_static_page_and_the_screen_the_live_figure(page, media):
    page.emulate_media(media=media)
    for figure in FIGURES:
        live, static = (page.locator(f"#{figure.id} {part}") for part in (".live", "> div table"))
        assert live.is_visible() == (media == "screen")
        assert static.first.is_visible() == (media == "print")


def test_without_scripts_the_static_page_stands(browser, file):
    page = browser.new_page(java_script_enabled=False)
    page.goto(file.as_uri())
    for figure in FIGURES:
        assert page.locator(f"#{figure.id} > div table").first.is_visible()
    np.testing.assert_allclose(
        shown(page.locator("#steps-one"), "output:", "> div table"),
        attention_steps(X, X, X).output,
        atol=5.1e-5,
    )
    page.close()


# All that a reader sees and can change.
SEEN = """(figure) => [figure.shadowRoot.querySelector(".live").innerText,
  ...[...figure.shadowRoot.querySelectorAll("input")].map(
    ({ value, checked }) => [value, checked])]"""


@pytest.mark.parametrize("kind", ["steps", "lookup", "cost", "scaling", "rope", "sentence"])
def test_reset_puts_everything_back(page, kind):
    figure = page.locator(f"#{kind}-one")
    before = figure.evaluate(SEEN)
    for control in figure.locator(".live input:not([type=text])").all()[
        :: 7 if kind == "steps" else 1
    ]:
        kind_of_field = control.get_attribute("type")
        control.press("Space" if kind_of_field in {"radio", "checkbox"} else "ArrowUp")
    assert figure.evaluate(SEEN) != before
    figure.get_by_role("button", name="Reset").press("Enter")
    assert figure.evaluate(SEEN) == before
    assert figure.evaluate("(figure) => figure.shadowRoot.activeElement.textContent") == "Reset"


@pytest.mark.parametrize(
    ("figure", "field", "number", "said"),
    [
        ("lookup-one", "query, x", "9", "query, x: a number from −1.25 to 1.25."),
        ("cost-one", "heads h", "0", "heads h: a whole number from 1 to 16777216."),
    ],
)
def test_a_number_out_of_range_is_told_the_limits(page, figure, field, number, said):
    live = page.locator(f"#{figure}")
    live.get_by_label(field).fill(number)
    assert live.locator(".limits").inner_text() == said
    heard(live, said)
    live.get_by_role("button", name="Reset").click()
    assert live.locator(".limits").inner_text() == ""
