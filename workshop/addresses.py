"""Where a repository's pages and notebooks are found, by the customs of the hosts."""

import re

COLAB_BRANCH = "colab"  # publishing makes it (`workshop/colab.py`)
FOLDER = "my-notebooks"  # where the readers' notebooks are laid, by `.binder/postBuild` too
CHINESE_FOLDER = "my-notebooks-zh"
CHINESE_PAGES = "zh/"  # below the English ones


def published(repository: str) -> str:
    """Return where the pages of a repository are published; nothing where no custom says so.

    >>> published("https://github.com/Ann/qkv"), published("https://example.org/ann/qkv")
    ('https://ann.github.io/qkv/', '')
    """
    found = re.match(r"https://(github|gitlab)\.com/([^/]+)/([^/]+)$", repository)
    if found is None:
        return ""
    host, owner, name = found.groups()
    home = f"{owner.lower()}.{host}.io"
    return f"https://{home}/" if name.lower() == home else f"https://{home}/{name}/"


def on_colab(repository: str, page: str) -> str:
    """Return where Colab opens the notebook of a page, of a repository on GitHub.

    >>> on_colab("https://github.com/ann/qkv", "book/path")
    'https://colab.research.google.com/github/ann/qkv/blob/colab/book/path.ipynb'
    """
    name = repository.removeprefix("https://github.com/")
    return f"https://colab.research.google.com/github/{name}/blob/{COLAB_BRANCH}/{page}.ipynb"
