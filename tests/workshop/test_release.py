"""The files that a release touches agree: version, citation, changelog."""

import re
import tomllib
from typing import Any

import yaml

from workshop.pages import ROOT


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def citation() -> dict[str, Any]:
    return yaml.safe_load(read("CITATION.cff"))


def test_the_version_is_the_same_everywhere() -> None:
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    assert citation()["version"] == version
    assert re.findall(r"^## (\d\S*)", read("CHANGELOG.md"), re.MULTILINE)[0] == version


def test_the_citation_has_what_its_format_asks_for() -> None:
    """The required keys of Citation File Format 1.2.0, and keys that it knows."""
    found = citation()
    assert found["cff-version"] == "1.2.0"
    assert {"message", "title", "authors", "cff-version"} <= set(found)
    assert found["type"] in {"software", "dataset"}
    assert all(set(each) & {"name", "family-names", "alias"} for each in found["authors"])
    known = {"cff-version", "message", "title", "type", "abstract", "authors", "version", "license"}
    known |= {"keywords", "doi", "url", "repository-code", "date-released", "references"}
    assert set(found) <= known


def test_the_pages_for_contributors_lead_somewhere() -> None:
    for name in ("README.md", "README.zh.md", "CONTRIBUTING.md", "docs/map.md", "docs/release.md"):
        prose = re.sub(r"``.*?``|`.*?`", "", read(name))
        links = re.findall(r"\]\((?!https?:)([^)#]+)", prose)
        missing = [link for link in links if not (ROOT / name).parent.joinpath(link).exists()]
        assert missing == []


def test_the_map_names_modules_that_exist() -> None:
    library = read("docs/map.md").partition("## The tests")[0]
    names = {
        name.rstrip("/") for name in re.findall(r"`((?!tests)[a-z]+(?:/[a-z_]+\.py)?)`", library)
    }
    there = {path.stem for path in (ROOT / "qkv_lib").iterdir()}
    there |= {f"{path.parent.name}/{path.name}" for path in (ROOT / "qkv_lib").rglob("*.py")}
    assert len(names) > 14
    assert names - there == set()
