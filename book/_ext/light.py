"""Sphinx extension: pages load what they use.

- Icons: the theme draws them from Font Awesome, by a script of 1.5 MB or by a font of 156 kB. Its
  own style sheet can draw them from any font of that name, so the few glyphs in use are cut out.
- The scripts and styles of `sphinx-design` are dropped: this book has no tabs, cards or grids.

The macros that load the theme's own files are in `book/_templates`.
"""

import logging as standard_logging
import re
from base64 import b64encode
from io import BytesIO
from pathlib import Path
from typing import Any

import pydata_sphinx_theme
from fontTools import subset
from sphinx.application import Sphinx

THEME = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
FONT = THEME / "vendor" / "fontawesome" / "webfonts" / "fa-solid-900.ttf"
STYLES = THEME / "styles" / "pydata-sphinx-theme.css"

# By the name of their class: the theme's buttons, its boxes, and those of custom.css.
BUTTONS = [
    "angle-left", "angle-right", "angle-down", "arrow-up", "arrow-down", "bars", "chevron-down",
    "circle-half-stroke", "download", "file", "file-pdf", "list", "magnifying-glass", "moon", "sun",
    "xmark",
]  # fmt: skip
BOXES = [
    "bell", "bug", "check-circle", "circle-question", "exclamation-circle", "exclamation-triangle",
    "external-link", "info-circle", "lightbulb", "pencil", "quote-left", "share", "times-circle",
]  # fmt: skip
FACE = """/* A few icons of Font Awesome 6 Free (SIL OFL 1.1), cut out by book/_ext/light.py. */
@font-face {
  font-family: "Font Awesome 6 Free";
  font-style: normal;
  font-weight: 900;
  src: url("data:font/woff;base64,%s") format("woff");
}
"""
UNUSED = re.compile(r"sphinx-design|sd-tabs|design-tabs")


def icon_codes(names: list[str]) -> list[int]:
    """Return the code point of each icon, as the theme's style sheet gives it."""
    css = STYLES.read_text(encoding="utf-8")
    codes = []
    for name in names:
        rule = re.search(rf'\.fa-{name}(?:,[^{{]*)?:before[^{{]*\{{content:"\\([0-9a-f]+)"', css)
        if rule is None:
            raise LookupError(f"the theme's style sheet draws no icon named {name}")
        codes.append(int(rule[1], 16))
    return codes


def icon_font() -> bytes:
    """Return the font of the icons in use, cut out of Font Awesome's."""
    standard_logging.getLogger("fontTools").setLevel(standard_logging.ERROR)
    options = subset.Options(flavor="woff", hinting=False, layout_features=[], name_IDs=[0, 1, 13])
    font = subset.load_font(str(FONT), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=icon_codes(BUTTONS + BOXES))
    cutter.subset(font)
    written = BytesIO()
    font.flavor = "woff"
    font.save(written)
    return written.getvalue()


def write_icons(app: Sphinx) -> None:
    """Write a style sheet that holds the font, so that no icon comes late."""
    if app.builder.format == "html":
        target = Path(app.outdir) / "_static" / "icons.css"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(FACE % b64encode(icon_font()).decode(), encoding="utf-8")


def drop_unused(_app: Any, _page: str, _template: str, context: dict[str, Any], _: Any) -> None:
    """Take what no page uses out of the lists of scripts and styles."""
    for kind in ("css_files", "script_files"):
        context[kind] = [
            each for each in context[kind]
            if not UNUSED.search(str(getattr(each, "filename", each) or ""))
        ]  # fmt: skip


def setup(app: Sphinx) -> dict[str, Any]:
    """Cut the font before the pages are written; drop assets after all others added theirs."""
    app.connect("builder-inited", write_icons)
    app.add_css_file("icons.css", priority=700)
    app.connect("html-page-context", drop_unused, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
