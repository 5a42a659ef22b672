"""Packages over REST: what is installed, who needs it, what can be installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.engine.prefix.python import site_packages
from support.api import Api, Make
from support.channel import Channel


async def test_packages_say_where_they_come_from_and_whether_they_were_asked_for(api: Api, make: Make) -> None:
    made = await make("a", "tool", "six=2.0")
    packages = {line["name"]: line for line in (await api("GET", f"{made.route}/packages")).body["packages"]}
    assert list(packages) == sorted(packages)
    assert set(packages) == {"ipykernel", "python", "six", "tool"}
    six = packages["six"]
    assert (six["version"], six["source"], six["channel"], six["noarch"]) == ("2.0", "conda", "channel", "python")
    assert (six["requested"], six["spec"]) == (True, "six=2.0")
    assert six["summary"] != ""
    assert six["size"] == sum(path.stat().st_size for path in _files(made.prefix, "six"))
    assert (packages["python"]["requested"], packages["python"]["spec"]) == (False, "")
    assert packages["tool"]["depends"] == ["python", "six"]


def _files(prefix: Path, name: str) -> list[Path]:
    """Return the files of a package, but for compiled ones."""
    place = site_packages(prefix)
    assert place is not None
    found = [path for path in place.rglob("*") if path.is_file() and path.relative_to(place).parts[0].startswith(name)]
    return [path for path in found if path.suffix != ".pyc"]


async def test_what_pip_brought_is_listed_too(api: Api, make: Make) -> None:
    made = await make("a", "six")
    place = site_packages(made.prefix)
    assert place is not None
    folder = place / "Wheelhouse-3.2.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: Wheelhouse\nVersion: 3.2\n\n")
    (folder / "INSTALLER").write_text("pip\n")
    packages = (await api("GET", f"{made.route}/packages")).body["packages"]
    (line,) = [package for package in packages if package["name"] == "Wheelhouse"]
    assert (line["version"], line["source"], line["requested"]) == ("3.2", "pip", False)


async def test_a_changed_environment_is_read_again(api: Api, make: Make, finish: Any) -> None:
    made = await make("a", "six=1.0")
    assert len((await api("GET", f"{made.route}/packages")).body["packages"]) == 3
    await finish(await api("POST", "changes", {"action": "install", "environment": made.id, "specs": ["tool"]}))
    assert len((await api("GET", f"{made.route}/packages")).body["packages"]) == 4


async def test_who_needs_a_package(api: Api, make: Make) -> None:
    made = await make("a", "tool")
    assert (await api("GET", f"{made.route}/packages/six/why")).body == {"chains": [["tool", "six"]]}
    missing = await api("GET", f"{made.route}/packages/sixx/why")
    assert (missing.status, missing.error["code"], missing.error["hint"]) == (404, "package", "did you mean six?")


async def test_updates_are_those_that_the_channel_offers(api: Api, make: Make) -> None:
    made = await make("a", "six=1.0")
    reply = (await api("GET", f"{made.route}/updates")).body
    assert reply["updates"] == [
        {"name": "six", "installed": "1.0", "newest": "2.0", "source": "conda", "channel": "channel"}
    ]
    assert reply["complete"] is True


async def test_names_are_searched_with_versions_and_what_is_installed(api: Api, make: Make) -> None:
    made = await make("a", "six=1.0")
    reply = (await api("GET", "search", q="si", environment=made.id)).body
    assert reply["complete"] is True
    (six,) = reply["results"]
    assert (six["name"], six["source"], six["channel"], six["installed"]) == ("six", "conda", "channel", "1.0")
    again = (await api("GET", "search", q="SIX")).body["results"][0]
    assert (again["version"], again["installed"]) == ("2.0", None)
    assert (await api("GET", "search", q="")).body == {"results": [], "complete": True, "problems": []}
    assert len((await api("GET", "search", q="o", limit=1)).body["results"]) == 1


async def test_versions_of_a_package(api: Api, stocked: Channel) -> None:
    reply = (await api("GET", "packages/six")).body
    assert [version["version"] for version in reply["versions"]] == ["2.0", "1.0"]
    newest = reply["versions"][0]
    assert (newest["source"], newest["channel"], newest["size"]) == ("conda", "channel", stocked.record("six").size)
    assert reply["complete"] is True
    missing = await api("GET", "packages/nothing-like-it")
    assert (missing.status, missing.error["code"]) == (404, "not_found.package")


@pytest.mark.parametrize(
    ("module", "package"),
    [
        ("six", "six"),
        ("sklearn", "scikit-learn"),
        ("PIL.Image", "pillow"),
        ("google.protobuf", "protobuf"),
        ("google.cloud", "google-cloud-core"),
        ("google.cloud.spanner", "google-cloud-spanner"),
    ],
)
async def test_the_package_of_a_module(api: Api, module: str, package: str) -> None:
    reply = (await api("GET", f"modules/{module}")).body
    assert (reply["module"], reply["package"]) == (module, package)


async def test_what_cannot_be_imported_is_no_module(api: Api) -> None:
    reply = await api("GET", "modules/a%20b.c")
    assert (reply.status, reply.error["code"]) == (400, "spec.module")


async def test_sources_tell_which_cannot_be_used(api: Api, stocked: Channel) -> None:
    reply = (await api("GET", "sources")).body
    assert (reply["channels"], reply["sources"], reply["problems"]) == ([str(stocked.folder)], ["conda"], [])
