"""The installed Firefox, driven by WebDriver BiDi: the W3C's protocol, spoken over a web socket.

Playwright drives a Firefox of its own only; what readers have, and Debian installs, answers this.
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import pytest

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
HOW = (
    "needs Firefox (`apt install firefox-esr`) and the package websocket-client, "
    "which comes with JupyterLab"
)
PATIENCE = 300  # seconds: a busy machine is slow, not wrong
ADDRESS = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
# What is asked goes as text and comes back as text, as between any two machines.
CALL = "async (f, x) => JSON.stringify(await (0, eval)(`(${f})`)(JSON.parse(x)) ?? null)"
KEYS = {"Tab": "\ue004", "Escape": "\ue00c", "Enter": "\ue007", "Shift": "\ue008"}


def need_firefox() -> None:
    """Skip the module that calls this where Firefox cannot be driven, and say how to get it."""
    if FIREFOX is None or find_spec("websocket") is None:
        pytest.skip(HOW, allow_module_level=True)


@dataclass
class Firefox:
    """A running Firefox, what its pages have asked for, and what they have complained about."""

    socket: Any
    version: str = ""
    requests: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def send(self, method: str, **params: Any) -> Any:
        """Give a command, and return what comes of it; note what happens meanwhile."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            told = json.loads(self.socket.recv())
            if told.get("id") != number:
                self.note(told)
            elif told["type"] == "error":
                raise RuntimeError(f"{method}: {told['message']}")
            else:
                return told["result"]

    def note(self, event: dict[str, Any]) -> None:
        """Keep a request, an error or a warning."""
        params = event.get("params", {})
        if event.get("method") == "network.beforeRequestSent":
            self.requests.append(params["request"]["url"])
        elif event.get("method") == "log.entryAdded" and params["level"] in {"error", "warn"}:
            self.faults.append(params["text"])

    def new_page(self) -> Page:
        """Open a tab."""
        return Page(self, self.send("browsingContext.create", type="tab")["context"])


@dataclass
class Page:
    """A tab, with as much of Playwright's page as the tests of cells use."""

    firefox: Firefox
    context: str

    def goto(self, address: str) -> None:
        """Open an address, and wait until all of it is there."""
        self.firefox.send(
            "browsingContext.navigate", context=self.context, url=address, wait="complete"
        )

    def evaluate(self, function: str, argument: Any = None) -> Any:
        """Call a function of JavaScript in the page and return its value."""
        texts = [{"type": "string", "value": each} for each in (function, json.dumps(argument))]
        found = self.firefox.send(
            "script.callFunction",
            functionDeclaration=CALL,
            target={"context": self.context},
            awaitPromise=True,
            arguments=texts,
        )
        if found["type"] != "success":
            raise RuntimeError(found["exceptionDetails"]["text"])
        return json.loads(found["result"]["value"])

    def wait_for(self, function: str, argument: Any = None) -> None:
        """Wait until a function of JavaScript returns something that counts as true."""
        end = time.monotonic() + PATIENCE
        while not self.evaluate(f"async (x) => Boolean(await ({function})(x))", argument):
            assert time.monotonic() < end, f"{function} is still not so"
            time.sleep(0.1)

    def press(self, keys: str) -> None:
        """Press a key, or several that are joined by plus signs."""
        values = [KEYS.get(each, each) for each in keys.split("+")]
        actions = [{"type": "keyDown", "value": each} for each in values]
        actions += [{"type": "keyUp", "value": each} for each in reversed(values)]
        source = {"type": "key", "id": "keyboard", "actions": actions}
        self.firefox.send("input.performActions", context=self.context, actions=[source])

    def close(self) -> None:
        """Close the tab."""
        self.firefox.send("browsingContext.close", context=self.context)


@contextmanager
def firefox() -> Iterator[Firefox]:
    """Give a running Firefox with a profile of its own."""
    import websocket

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [str(FIREFOX), "--headless", "--no-remote", "--profile", profile]
        command += ["--remote-debugging-port", "0"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, text=True, **quiet) as process:
            try:
                said = next(filter(None, map(ADDRESS.search, process.stderr or ())))
                socket = websocket.create_connection(
                    f"{said[1]}/session", timeout=PATIENCE, suppress_origin=True
                )
                browser = Firefox(socket)
                capabilities = browser.send("session.new", capabilities={})["capabilities"]
                browser.version = capabilities["browserVersion"]
                heard = ["log.entryAdded", "network.beforeRequestSent"]
                browser.send("session.subscribe", events=heard)
                yield browser
                socket.close()
            finally:
                process.terminate()
