"""The installed Chromium, for tests that open pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
HOW = (
    "needs Chromium and Playwright: `apt install chromium` (or any chromium or google-chrome on "
    "the PATH), and `make` installs the package playwright"
)
REQUIRED = "QKV_REQUIRE_BROWSER"
# It looks for nothing outside, and runs as root in a container.
QUIET = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-renderer-backgrounding",
]  # fmt: skip
# For a page that is looked at as it is, not on its way there.
STILL = "*, *::before, *::after { transition: none !important }"


def need_browser() -> None:
    """Skip the module that calls this where no browser can be driven, and say how to get one.

    With ``QKV_REQUIRE_BROWSER=1``, as in `.ci/run`, it fails instead.
    """
    if CHROMIUM is None or find_spec("playwright") is None:
        if os.environ.get(REQUIRED):
            pytest.fail(f"{HOW} ({REQUIRED} is set: nothing may be skipped)", pytrace=False)
        pytest.skip(HOW, allow_module_level=True)


_running: list[Any] = []  # Playwright allows one of itself a process


@contextmanager
def chromium() -> Iterator[Any]:
    """Give a running browser: the one that an outer fixture has started, where there is one."""
    from playwright.sync_api import sync_playwright

    if _running:
        yield _running[0]
        return
    with sync_playwright() as engines:
        browser = engines.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        _running.append(browser)
        try:
            yield browser
        finally:
            _running.clear()
            browser.close()


def settled(page: Any) -> None:
    """Wait until what has been changed is laid out, measured and drawn: two frames."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


@contextmanager
def listening(page: Any, **listeners: Any) -> Iterator[None]:
    """Hear what a page tells, for a while: by the name of the event, who hears it.

    One page serves many tests so: a new one takes a second, to go elsewhere a fifth of it.
    """
    for event, listener in listeners.items():
        page.on(event, listener)
    try:
        yield
        page.evaluate("0")  # what was told before is heard
    finally:
        for event, listener in listeners.items():
            page.remove_listener(event, listener)
