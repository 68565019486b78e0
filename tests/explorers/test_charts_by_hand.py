"""The charts of the live figures in a browser: each dot lies on its line, for any dials."""

from typing import Any

import numpy as np

from tests.browser import need_browser
from tests.explorers.conftest import FIGURES

need_browser()
NEAR = 1.0  # units of the drawing, of which a chart is a hundred high; a dot is eight wide
DRAWN = """(figure, placed) => placed.map((shares) => {
  const shown = figure.shadowRoot;
  const dials = [...shown.querySelectorAll("input[type=range]")];
  dials.forEach((dial, i) => {
    const [from, to, step] = [dial.min, dial.max, dial.step || 1].map(Number);
    dial.value = from + step * Math.round(shares[i % shares.length] * (to - from) / step);
    dial.dispatchEvent(new Event("input", { bubbles: true }));
  });
  return [...shown.querySelectorAll("svg.chart")].flatMap((chart) =>
    [...chart.querySelectorAll("circle.dot")].map((dot) => {
      const line = [...dot.classList].find((name) => name.startsWith("line-"));
      const points = [...chart.querySelector(`polyline.${line}`).points].map(({ x, y }) => [x, y]);
      return { at: [dot.cx.baseVal.value, dot.cy.baseVal.value], points };
    }));
})"""
"""What each chart draws once the dials stand where they are placed, as shares of their ranges."""


def off(dot: dict[str, Any]) -> float:
    """Return how far above or below its line a dot lies."""
    across, up = np.transpose(dot["points"])
    assert across[0] <= dot["at"][0] <= across[-1]
    return abs(dot["at"][1] - np.interp(dot["at"][0], across, up))


def test_each_dot_of_a_chart_lies_on_its_line(page: Any) -> None:
    placed = np.random.default_rng(5).random((25, 7)).tolist()
    charts = []
    for name in (each.id for each in FIGURES):
        drawn = page.locator(f"#{name}").evaluate(DRAWN, placed)
        if any(drawn):
            charts.append(name)
            assert all(drawn), f"{name}: a chart without a dot"
        far = [round(off(dot), 1) for dots in drawn for dot in dots]
        assert [each for each in far if each > NEAR] == [], name
        assert not any(drawn) or len({tuple(dot["at"]) for dots in drawn for dot in dots}) > 15
    assert charts == ["cost-one", "scaling-one", "rope-one"]


def test_a_dot_on_the_wrong_side_is_off_its_line() -> None:
    line = [[0.0, 10.0], [50.0, 90.0], [100.0, 40.0]]
    assert off({"at": [75.0, 65.0], "points": line}) == 0
    assert off({"at": [25.0, 65.0], "points": line}) > NEAR
