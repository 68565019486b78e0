"""An installed Chromium, driven by Playwright: for tests of pages, for screenshots and print."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
# No sandbox, because it needs rights that a container lacks: only pages of this book are opened.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip
MISSING = "no browser: install chromium (Debian: apt-get install chromium), then `make test`"
REQUIRED = "QKV_REQUIRE_BROWSER"


def executable() -> str | None:
    """Return the path of an installed Chromium, if there is one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def need_browser() -> None:
    """Skip the tests of a module where there is no browser; fail where one is required."""
    if executable() is None:
        if os.environ.get(REQUIRED):
            raise RuntimeError(f"{MISSING} ({REQUIRED} is set: these tests may not be skipped)")
        pytest.skip(MISSING, allow_module_level=True)


@contextmanager
def chromium() -> Iterator[Any]:
    """Start Chromium, and close it at the end."""
    from playwright.sync_api import sync_playwright

    path = executable()
    if path is None:
        raise SystemExit(MISSING)
    with sync_playwright() as engines:
        browser = engines.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()
