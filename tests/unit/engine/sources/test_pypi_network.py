"""A few questions to the real, configured index: what local indexes cannot show."""

from __future__ import annotations

import asyncio
import os
import zipfile
from collections.abc import Iterator

import pytest

from jupyter_envs.engine.models.platform import current_subdir
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.sources.pypi import PypiSource, search_pypi_project
from jupyter_envs.engine.sources.pypi_config import read_pip_config
from jupyter_envs.engine.sources.pypi_http import IndexHttp, RemoteFile
from jupyter_envs.settings import Settings

pytestmark = pytest.mark.network


@pytest.fixture
def source(settings: Settings) -> Iterator[PypiSource]:
    made = PypiSource(settings, subdir=current_subdir(), python_versions=("3.11", "3.12"), window=3)
    yield made
    made.close()


def records(source: PypiSource, name: str) -> tuple[RepodataRecord, ...]:
    return asyncio.run(source.records(name))


def test_a_compiled_project(source: PypiSource) -> None:
    found = records(source, "numpy")
    assert {record.subdir for record in found} == {current_subdir()}
    assert all(record.sha256 and record.size and record.timestamp for record in found)
    assert all(record.depends[0].startswith("python 3.1") for record in found)
    assert source.truncated == {"numpy"}


def test_a_pure_project_with_markers(source: PypiSource) -> None:
    found = records(source, "ipython")
    assert {record.subdir for record in found} == {"noarch"}
    assert any(depend.startswith("traitlets") for record in found for depend in record.depends)


def test_a_project_that_does_not_exist(source: PypiSource) -> None:
    assert records(source, "jupyter-envs-there-is-no-such-project") == ()
    assert source.unavailable["jupyter-envs-there-is-no-such-project"].code == "pypi.unknown"


def test_search(settings: Settings) -> None:
    (found,) = search_pypi_project("Typing.Extensions", settings).found
    assert found[0] == "typing_extensions"


def test_a_wheel_is_read_in_ranges(source: PypiSource, settings: Settings) -> None:
    record = records(source, "numpy")[0]
    if record.url.startswith("file:"):
        pytest.skip("needs an index on a server; this one gives a local file")
    config = read_pip_config(os.environ)
    remote = RemoteFile(IndexHttp(settings, config), record.url, record.size)
    with zipfile.ZipFile(remote) as wheel:
        assert any(name.endswith("/METADATA") for name in wheel.namelist())
