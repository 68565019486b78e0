"""Sphinx extension: a page is built again when what it is made from has changed, whatever its date.

Sphinx compares dates, and a page unpacked from an archive is as old as its commit: older, often,
than the build that it should replace. So each build stores a hash of every page and of every file
that a page depends on (docstrings, pictures), and the next one compares.
"""

import hashlib
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def made_from(env: BuildEnvironment, page: str) -> str:
    """Return a hash of the files that a page is made from, one that is gone counting as empty."""
    digest = hashlib.sha256()
    names = [env.doc2path(page), *sorted(env.dependencies.get(page, ()))]
    for path in (Path(env.srcdir, name) for name in names):
        digest.update(hashlib.sha256(path.read_bytes() if path.is_file() else b"").digest())
    return digest.hexdigest()


def changed(
    _app: Sphinx, env: BuildEnvironment, _added: set[str], _changed: set[str], _removed: set[str]
) -> list[str]:
    """Return the pages that have changed since they were built."""
    stored = getattr(env, "made_from", {})
    return [page for page in env.found_docs if stored.get(page) != made_from(env, page)]


def store(_app: Sphinx, env: BuildEnvironment) -> None:
    """Store what the pages of this build were made from."""
    env.made_from = {page: made_from(env, page) for page in env.found_docs}  # type: ignore[attr-defined]


def setup(app: Sphinx) -> dict[str, Any]:
    """Compare before a build, store after all pages are read."""
    app.connect("env-get-outdated", changed)
    app.connect("env-updated", store)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
