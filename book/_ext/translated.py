"""Sphinx extension: the same pages in another language.

The source of every page is English. Where the build's language is another one, each message of a
page (`workshop/chinese/messages.py`) is replaced by its translation from the catalogue of the page
while it is read: numbers, anchors and references stay those of the English page. What has no
translation yet, or has changed in English since, stays English and says so, and the page says at
its top where.

What the extensions themselves put into a page is translated in `spoken.py`.
"""

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from myst_parser.mdit_to_docutils.sphinx_ import SphinxRenderer
from myst_parser.parsers.mdit import create_md_parser
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.locale import translators
from sphinx.transforms import SphinxTransform
from sphinx.util.nodes import LITERAL_TYPE_NODES, is_translatable
from spoken import EVERYWHERE, entries, is_translated, message, name_of, say, speak, tables

from workshop.chinese import catalogue
from workshop.chinese.code import in_chinese
from workshop.chinese.messages import COMMENTED, line, speaks
from workshop.chinese.verdicts import in_chinese as verdicts

SAID = (
    # by the theme and by Sphinx
    "Back to top", "Collapse Sidebar", "Color mode", "Contents", "Copy to clipboard", "Copied!",
    "Dark", "Download source file", "Download notebook file", "Download this page", "Error",
    "Expand Sidebar", "Failed to copy", "Home", "Light", "Link to this code",
    "Link to this equation", "Link to this glossary entry", "Link to this heading",
    "Link to this image", "Link to this table", "Link to this term", "Main", "next", "next page",
    "On this page", "Open an issue", "Page", "Permalink to this definition", "previous",
    "previous page", "Print to PDF", "Search", "Search this book...", "Section Navigation",
    "Site navigation", "Skip to main content", "System Settings", "Theme by the",
    "Toggle navigation sidebar", "Toggle primary sidebar", "Toggle secondary sidebar",
    # by boxes
    "Caution", "Danger", "Hint", "Important", "Note", "See also", "Tip", "Warning",
    # by cells that name their fold themselves
    "Answer",
    # at the foot
    "By",
    # by tables of figures
    "queries", "keys", "heads", "layers", "positions", "features", "block", "head",
    "patches from top to bottom", "patches from left to right",
)  # fmt: skip
CLOSED = (addnodes.desc, nodes.citation)  # what comes from docstrings and from the bibliography


class Translate(SphinxTransform):
    """Replace the messages of a page, before anything looks at its words."""

    default_priority = 19

    def apply(self, **_: Any) -> None:
        """Translate one page."""
        if not is_translated():
            return
        name = name_of(self.env.docname)
        path = catalogue.path_of(name)
        self.env.note_dependency(str(path))
        known = entries(name)
        parser = create_md_parser(self.env.myst_config, SphinxRenderer)  # type: ignore[attr-defined]
        parser.options["document"] = self.document
        renderer = parser.renderer
        assert isinstance(renderer, SphinxRenderer)
        renderer.setup_render(parser.options, {})
        left = {"missing": 0, "changed": 0}

        def found(text: str) -> str | None:
            entry = known.get(text)
            if entry and entry.done:
                return entry.translation
            if speaks(text):
                left["changed" if entry is None or entry.before else "missing"] += 1
            return None

        for node in list(messages_in(self.document)):
            text = line(node.rawsource)
            translation = found(text)
            if translation is not None:
                node["english"] = node.astext()
                inside = nodes.Element()
                with renderer.current_node_context(inside):
                    renderer.nested_render_text(translation, node.line or 0, inline=True)
                keep_citations(self.env, node, inside)
                node[:] = inside.children
            elif speaks(text):
                entry = known.get(text)
                node["classes"] += ["untranslated", "language-en"]
                if entry is not None and entry.before:
                    node["classes"].append("newer-in-english")
        for image in self.document.findall(nodes.image):
            if alt := image.get("alt"):
                image["alt"] = found(line(alt)) or alt
        for code in self.document.findall(nodes.literal_block):
            cell = "cell_input" in getattr(code.parent, "attributes", {}).get("classes", [])
            if cell or code.get("language") in COMMENTED:
                source = in_chinese(code.astext(), found)
            elif "stream" in code.get("classes", []):
                source = verdicts(code.astext())
            else:
                continue
            code[:] = [nodes.Text(source)]
            code.rawsource = source
        for output in self.document.findall(nodes.raw):
            if output.get("format") == "html":
                output[:] = [nodes.Text(tables(output.astext()))]
        self.document["left_in_english"] = left


def keep_citations(env: BuildEnvironment, old: nodes.Element, new: nodes.Element) -> None:
    """Let each citation of a translation be the place that the bibliography leads back to."""
    places: dict[str, list[list[str]]] = {}
    for each in cited(old):
        places.setdefault(each["reftarget"], []).append(each["ids"])
    noted = env.get_domain("cite").data["citation_refs"] if places else []
    for each in cited(new):
        left = places.get(each["reftarget"])
        if left:
            noted[:] = [ref for ref in noted if ref.citation_ref_id not in each["ids"]]
            each["ids"] = left.pop(0)


def cited(node: nodes.Element) -> list[addnodes.pending_xref]:
    """Return the citations in a node."""
    return [each for each in node.findall(addnodes.pending_xref) if each.get("refdomain") == "cite"]


def messages_in(document: nodes.document) -> Iterator[nodes.TextElement]:
    """Yield each node that holds a message, the outermost one."""
    for node in document.findall(is_translatable):
        if not isinstance(node, nodes.TextElement) or isinstance(node, LITERAL_TYPE_NODES):
            continue
        if "docstring of" in str(node.source) or not node.rawsource:
            continue
        if inside(node, CLOSED) or "already-translated" in classes_above(node):
            continue
        yield node


def inside(node: nodes.Node, kinds: tuple[type, ...]) -> bool:
    """Tell whether a node stands in one of some kinds."""
    above = node.parent
    while above is not None and not isinstance(above, kinds):
        above = above.parent
    return above is not None


def classes_above(node: nodes.Node) -> set[str]:
    """Return the classes of all that a node stands in."""
    found: set[str] = set()
    above = node.parent
    while above is not None:
        found |= set(getattr(above, "attributes", {}).get("classes", []))
        above = above.parent
    return found


def tell_what_is_left(app: Sphinx, doctree: nodes.document) -> None:
    """Say at the top of a page what of it is still in English, or newer there."""
    left = doctree.get("left_in_english", {})
    title = next(doctree.findall(nodes.title), None)
    if not any(left.values()) or title is None:
        return
    total = len(entries(name_of(app.env.docname)))
    missing = left["missing"] + left["changed"]
    said = [
        say("This page is not translated yet: it is in English.")
        if missing >= total
        else say("Of the {} passages of this page, {} are still in English.", total, missing)
    ]
    if left["changed"]:
        said.append(say("{} of them have changed in English since.", left["changed"]))
    sections = [each for each in doctree.findall(nodes.section) if has_english(each)]
    box = nodes.container(classes=["edition-note"])
    box += nodes.paragraph("", "".join(said))
    if missing < total and sections:
        places = nodes.paragraph("", say("They stand here: "))
        for i, section in enumerate(sections):
            places += nodes.Text("、" if i else "")
            places += nodes.reference(
                "", section[0].astext(), refuri=f"#{section['ids'][0]}", internal=True
            )
        box += places
    title.parent.insert(title.parent.index(title) + 1, box)


def has_english(section: nodes.section) -> bool:
    """Tell whether a section itself, without those inside it, holds English."""
    for child in section:
        if isinstance(child, nodes.section):
            continue
        for node in child.findall(nodes.Element):
            if "untranslated" in node.get("classes", []):
                return True
    return False


def translate_captions(_app: Sphinx, doctree: nodes.document) -> None:
    """Translate the captions of the table of contents."""
    for tree in doctree.findall(addnodes.toctree):
        if caption := tree.get("caption"):
            tree["caption"] = say_caption(caption)


def say_caption(caption: str) -> str:
    """Return a caption of `_toc.yml` in the language of the build."""
    known = {
        "Start here": say("Start here"),
        "Chapters": say("Chapters"),
        "Appendices": say("Appendices"),
    }
    return known.get(caption, caption)


def pages_to_read(_app: Sphinx, env: BuildEnvironment, *_: Any) -> list[str]:
    """Return the pages whose catalogue has changed since they were read, or that of the site."""
    if not is_translated():
        return []
    before = getattr(env, "catalogues", {})
    env.catalogues = {  # type: ignore[attr-defined]
        name: path.read_bytes() if (path := catalogue.path_of(name)).exists() else b""
        for name in [*EVERYWHERE, *map(name_of, env.found_docs)]
    }
    now = env.catalogues  # type: ignore[attr-defined]
    if any(before.get(name) != now[name] for name in EVERYWHERE):
        return list(env.found_docs)
    return [
        page
        for page in env.found_docs
        if before.get(name_of(page)) != env.catalogues[name_of(page)]  # type: ignore[attr-defined]
    ]


def begin(app: Sphinx) -> None:
    """Note the language of this build, and teach Sphinx and the theme what they lack of it."""
    speak(app.config.language)
    if is_translated():
        app.config.html_title = message("index", app.config.html_title)
        words = {text: say(text) for text in SAID}
        for catalog in translators.values():
            catalog.__dict__.setdefault("_catalog", {}).update(words)


def translate_theme(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _tree: Any
) -> None:
    """Let the theme's own words be ours."""
    if is_translated():
        context["translate"] = say


def setup(app: Sphinx) -> dict[str, Any]:
    """Translate each page while it is read."""
    app.connect("builder-inited", begin, priority=1)
    app.connect("env-get-outdated", pages_to_read)
    app.connect("html-page-context", translate_theme, priority=600)
    app.add_transform(Translate)
    app.connect("doctree-read", tell_what_is_left, priority=950)
    app.connect("doctree-read", translate_captions, priority=960)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
