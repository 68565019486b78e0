"""Sphinx extension: each page leads to the same page in the other language.

The English site stands at the top, the Chinese one below `zh`, page for page. A switch in the head
of each page keeps to the place in it (`language.js`); `hreflang` tells machines. What both have in
common (scripts of Python, fonts, styles) lies beside the English pages only, so that nobody loads
it twice: a Chinese page asks for it there.
"""

import json
import re
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from sphinx.application import Sphinx
from sphinx.util.osutil import relative_uri
from spoken import entries, is_translated

from qkv_lib.explorers._page import speech
from workshop.building import OWN
from workshop.chinese.catalogue import LANGUAGE


class Edition(NamedTuple):
    """A language: how machines call it, how it calls itself, and where it lies."""

    code: str
    name: str
    folder: str


ENGLISH = Edition("en", "English", "")
CHINESE = Edition("zh-CN", "中文", "zh/")
SHARED = ("_static", "_sources")
SCRIPTS = "site/scripts"


def lead_over(app: Sphinx, page: str, _template: str, context: dict[str, Any], _tree: Any) -> None:
    """Tell the template where the page stands in the other language."""
    here, there = (CHINESE, ENGLISH) if is_translated() else (ENGLISH, CHINESE)
    target = "search.html" if page == "search" else app.builder.get_target_uri(page)
    if page in ("genindex", "404"):
        return
    address = relative_uri(here.folder + target, there.folder + target) or target
    context["other_edition"] = {"address": address, "code": there.code, "name": there.name}
    links = {here.code: target.rpartition("/")[2], there.code: address}
    context["metatags"] = context.get("metatags", "") + "".join(
        f'\n<link rel="alternate" hreflang="{code}" href="{links[code]}" />'
        for code in sorted(links)
    )


def share(_app: Sphinx, page: str, _template: str, context: dict[str, Any], _tree: Any) -> None:
    """Let a Chinese page ask for what both languages have in common beside the English pages."""
    if not is_translated():
        return
    own = "../" * page.count("/")
    shared = f"../{own}"
    context["shared_root"] = shared
    pathto, css_tag, js_tag = (context[name] for name in ("pathto", "css_tag", "js_tag"))
    asked = re.compile(rf'((?:src|href)="){re.escape(own)}(?=_static/([^"?]+))')

    def beside(tag: str) -> str:
        return asked.sub(lambda each: each[0] if own_file(each[2]) else each[1] + shared, tag)

    def shared_path(other: str, resource: bool = False, **options: Any) -> str:
        path = str(pathto(other, resource, **options))
        folder, _, name = other.partition("/")
        moved = resource and folder in SHARED and not own_file(name)
        return f"../{path}" if moved else path

    context["pathto"] = shared_path
    context["css_tag"] = lambda each: beside(css_tag(each))
    context["js_tag"] = lambda each: beside(js_tag(each))
    if body := context.get("body"):
        context["body"] = body.replace(f'src="{own}_images/', f'src="{shared}_images/')


def own_file(name: str) -> bool:
    """Tell whether each language has a file of `_static` for itself."""
    return PurePosixPath(name).name in OWN


def write_words(app: Sphinx) -> None:
    """Write what scripts say in this language."""
    if app.builder.format != "html" or not is_translated():
        return
    words = {each.text: each.translation for each in entries(SCRIPTS).values() if each.done}
    said = json.dumps(words, ensure_ascii=False, indent=0, sort_keys=True)
    target = Path(app.outdir) / "_static" / "said.js"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(f"window.qkvWords = {said};\n{speech(LANGUAGE)}", encoding="utf-8")
    app.add_js_file("said.js", priority=100)


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the links before the theme makes its buttons."""
    app.connect("builder-inited", write_words)
    app.connect("html-page-context", share, priority=100)  # before tags are made of it
    app.connect(
        "html-page-context", lead_over, priority=110
    )  # before the theme drops what is empty
    return {"parallel_read_safe": True, "parallel_write_safe": True}
