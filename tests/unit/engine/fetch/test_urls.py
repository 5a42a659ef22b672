"""URLs: no password is ever shown, local ones are recognised."""

from __future__ import annotations

import pytest

from jupyter_envs.engine.fetch.urls import local_path, without_credentials


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:secret@host.example:8443/a/b.conda", "https://host.example:8443/a/b.conda"),
        ("https://host.example/t/to-ken/channel/b.conda", "https://host.example/channel/b.conda"),
        ("https://host.example/b.whl?signature=secret#sha256=0", "https://host.example/b.whl"),
        ("file:///srv/b.conda", "file:///srv/b.conda"),
        ("interpreter:///usr/bin/python3.11", "interpreter:///usr/bin/python3.11"),
        ("/srv/b.conda", "/srv/b.conda"),
    ],
)
def test_what_a_url_shows(url: str, shown: str) -> None:
    assert without_credentials(url) == shown


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///srv/a%20b.conda", "/srv/a b.conda"),
        ("file://localhost/srv/a.conda", "/srv/a.conda"),
        ("file://elsewhere/srv/a.conda", None),
        ("/srv/a.conda", "/srv/a.conda"),
        ("./a.conda", "./a.conda"),
        ("http://host.example/a.conda", None),
    ],
)
def test_where_a_local_url_leads(url: str, path: str | None) -> None:
    assert local_path(url) == path
