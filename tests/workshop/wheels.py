"""Make a wheel of a few bytes; the environments of scratch checkouts import this file alone."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZipFile


def wheel(folder: Path, name: str, version: str, files: Mapping[str, str]) -> str:
    """Write a wheel that holds some files, and return its name."""
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    about = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = []
    for path, text in (dict(files) | about).items():
        digest = urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(text.encode())}\n")
    record = {f"{info}/RECORD": "".join([*lines, f"{info}/RECORD,,\n"])}
    with ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as archive:
        for path, text in (dict(files) | about | record).items():
            archive.writestr(path, text)
    return f"{stem}-py3-none-any.whl"
