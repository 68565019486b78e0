"""Sphinx extension: each notebook can be opened on Binder and on Colab.

Where to is the repository that the book is built from: on GitHub Actions the one that runs it,
elsewhere the `origin` of the clone. So a fork's buttons open the fork; where there is no public
repository there are no buttons.
"""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from spoken import is_translated

from workshop.addresses import CHINESE_FOLDER, CHINESE_PAGES, FOLDER, on_colab

BRANCH = "HEAD"  # the default branch, whatever it is called
HOSTS = ("https://github.com/", "https://gitlab.com/")  # that the theme can tell Binder of


def repository(environment: Mapping[str, str], remote: str) -> str | None:
    """Return the address of the repository, or None where it is on no host that Binder knows.

    Parameters
    ----------
    environment : mapping
        The environment variables.
    remote : str
        What `git remote get-url origin` prints.
    """
    if name := environment.get("GITHUB_REPOSITORY"):
        address = f"{environment.get('GITHUB_SERVER_URL', 'https://github.com')}/{name}"
    else:
        address = re.sub(r"^(?:ssh://)?git@([^:/]+)[:/]", r"https://\1/", remote.strip())
        address = re.sub(r"^https://[^/@]+@", "https://", address)  # no user, no password
    address = address.removesuffix("/").removesuffix(".git")
    return address if re.match(f"(?:{'|'.join(HOSTS)})[^/]+/[^/]+$", address) else None


def origin(folder: Path) -> str:
    """Return what `git` calls the origin of a clone; nothing where the folder is none.

    A folder that only lies inside another repository is not that repository.
    """
    top = git(folder, "rev-parse", "--show-toplevel").rstrip("\n")
    if not top or Path(top).resolve() != folder.resolve():
        return ""
    return git(folder, "remote", "get-url", "origin")


def git(folder: Path, *arguments: str) -> str:
    """Return what a command of git prints in a folder; nothing where there is no git."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        return subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", check=False
        ).stdout
    except FileNotFoundError:
        return ""


def add_buttons(app: Sphinx, config: Config) -> None:
    """Tell the theme the repository, and where its notebooks can be launched.

    The theme's own setting will not do: Jupyter Book puts its repository where there is none.
    """
    address = repository(os.environ, origin(Path(app.srcdir)))
    config.course_repository = address or ""
    if address is None:
        return
    buttons = {"notebook_interface": "jupyterlab", "binderhub_url": "https://mybinder.org"}
    config.html_theme_options |= {
        "repository_url": address,
        "repository_branch": BRANCH,
        "launch_buttons": buttons,
    }


def lead(app: Sphinx, page: str, _template: str, context: dict[str, Any], _tree: Any) -> None:
    """Lead Binder to the reader's notebook, and put Colab beside it, on the branch made for it.

    Both are in the language of the page.
    """
    folder, place_of_page = (CHINESE_FOLDER, CHINESE_PAGES) if is_translated() else (FOLDER, "")
    address = app.config.course_repository
    for group in context.get("header_buttons", []):
        if group.get("label") != "launch-buttons":
            continue
        for button in group["buttons"]:
            place, _, _ = button.get("url", "").partition("?urlpath=")
            if "mybinder.org" in place:
                notebook = f"{folder}/{PurePosixPath(page).name}.ipynb"
                button["url"] = f"{place}?urlpath=lab/tree/{notebook}"
        if address.startswith("https://github.com/"):
            button = {
                "type": "link",
                "text": "Colab",
                "tooltip": "Launch on Colab",
                "icon": "_static/images/logo_colab.png",
                "url": on_colab(address, place_of_page + page),
            }
            group["buttons"].append(button)


def setup(app: Sphinx) -> dict[str, Any]:
    """Read the address once, and add the buttons after the theme has made its own."""
    app.add_config_value("course_repository", "", "html", str)
    app.connect("config-inited", add_buttons)
    app.connect("html-page-context", lead, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
