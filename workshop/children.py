"""What is run in the environment, and what it is told of the caller's: nothing that changes it.

A reader's matplotlibrc, IPython profile, PYTHONPATH, NODE_OPTIONS or pip.conf belongs to other
work: in a notebook it moves a number, in the build it shadows a module, in pip it installs
elsewhere. Of pip's settings those stay that say where packages come from.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"

# How the variables begin that steer Python, or a tool that runs in it.
STEERING = (
    "PYTHON", "__PYVENV", "VIRTUAL_ENV", "CONDA_", "PIP_", "UV_", "NODE_", "NPM_",
    "MPL", "MATPLOTLIB", "IPYTHON", "JUPYTER", "SPHINX", "PYTEST", "PY_COLORS", "HYPOTHESIS",
    "COVERAGE", "MYPY", "RUFF", "TORCH", "PYTORCH", "KERAS", "HF_", "TRANSFORMERS", "NUMPY",
    "NPY_", "OMP_", "MKL_", "KMP_", "OPENBLAS_NUM_THREADS", "FORCE_COLOR", "CLICOLOR_FORCE",
    "COLUMNS", "LINES", "MAKE", "MFLAGS",
)  # fmt: skip

# What stays of these: which authorities a network is trusted by steers no result.
TRUSTED = ("NODE_EXTRA_CA_CERTS",)

# The settings of pip that say where packages come from, and what uv calls them.
SOURCES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "proxy": "ALL_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "retries": "UV_HTTP_RETRIES",
    "keyring-provider": "UV_KEYRING_PROVIDER",
    "cache-dir": None,
    "no-cache-dir": None,
}


def python() -> Path:
    """Return the Python of the environment."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which everybody's notebooks, tests and pages come out alike.

    Each computes on THREADS threads, so that a sum of floats is taken in the same order
    everywhere; what matplotlib, IPython and Jupyter keep is kept in `.venv`.
    """
    kept = {
        key: value
        for key, value in environment.items()
        if key in TRUSTED or not key.startswith(STEERING)
    }
    folder = VENV / "settings"
    settings = {
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "OMP_NUM_THREADS": environment.get("THREADS") or "1",
        "MPLCONFIGDIR": str(folder / "matplotlib"),
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / "jupyter"),
        "JUPYTER_DATA_DIR": str(folder / "jupyter-data"),
    }
    if seed := environment.get("SEED"):
        settings["PYTHONHASHSEED"] = seed
    return kept | settings


def settle() -> None:
    """Give this process, and so what it starts, the clean environment; pytest keeps its own."""
    kept = clean(os.environ)
    for key in set(os.environ) - set(kept):
        if not key.startswith("PYTEST"):
            del os.environ[key]
    os.environ.update(kept)


def call(*arguments: str, **more: str) -> None:
    """Call the environment's Python from the root, with `more` in its environment."""
    command = [str(python()), *arguments]
    subprocess.run(command, cwd=ROOT, env=clean(os.environ) | more, check=True)


def run(module: str, *arguments: str, **more: str) -> None:
    """Run a module in the environment, from the root."""
    call("-m", module, *arguments, **more)


def sources() -> dict[str, str]:
    """Return the variables that tell pip and uv where packages come from, as the caller's pip."""
    # Where `user` is set for all commands, this one would show the user's own file alone.
    whole = {"PYTHONUTF8": "1", "PIP_USER": "0", "PIP_GLOBAL": "0", "PIP_SITE": "0"}
    listed = subprocess.run(
        [str(python()), "-m", "pip", "config", "list"],
        cwd=ROOT, capture_output=True, text=True, encoding="utf-8", errors="replace",
        env=os.environ | whole,
    )  # fmt: skip
    return translated(listed.stdout)


def translated(listed: str) -> dict[str, str]:
    """Return the variables for pip and uv that say what lines of `pip config list` say."""
    found: dict[str, str] = {}
    for section in ("global", "install", ":env:"):  # pip's order: the last one wins
        for line in listed.splitlines():
            name, _, value = line.partition("=")
            where, _, key = name.partition(".")
            if where == section and key in SOURCES:
                found[key] = " ".join(str(ast.literal_eval(value)).split())
    settings = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_SYSTEM_CERTS": "1",  # a proxy's certificate is known to the system
    }
    for key, value in found.items():
        settings["PIP_" + key.upper().replace("-", "_")] = value
        if theirs := SOURCES[key]:
            settings[theirs] = value.replace(" ", ",") if key == "find-links" else value
    return settings


def say(text: str) -> None:
    """Print a line for the reader, whatever his terminal can show."""
    encoding = sys.stdout.encoding or "ascii"
    print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)
