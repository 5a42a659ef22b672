"""Shared environments over the routes: listed as such, with their kernels, refused and cloned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.kernels.spec import MARK
from jupyter_envs.server.identifiers import environment_id
from jupyter_envs.settings import Settings
from support.api import Api, Finish
from support.channel import Channel


@pytest.fixture
def course(tmp_path: Path, settings: Settings, stocked: Channel) -> Path:
    """Publish an environment, and return its prefix."""
    shared = tmp_path / "shared"
    own = msgspec.structs.replace(
        settings,
        root=str(shared),
        envs_directories=(f"{shared}/envs",),
        package_directories=(f"{shared}/pkgs",),
    )
    engine = Engine(own)
    records = tuple(stocked.record(name) for name in ("python", "six"))
    request = ChangeRequest(action="create", prefix=f"{shared}/envs/course", records=records, specs=("six",))
    engine.execute(engine.plan(request))
    kernel = shared / "share/jupyter/kernels/course/kernel.json"
    kernel.parent.mkdir(parents=True)
    mark = {"prefix": f"{shared}/envs/course", "name": "course", "kernel": "python3"}
    kernel.write_text(json.dumps({"display_name": "course", "language": "python", "metadata": {MARK: mark}}))
    return shared / "envs/course"


@pytest.fixture
def extension_config(course: Path, extension_config: dict[str, Any]) -> dict[str, Any]:
    """Name the shared directory."""
    return {**extension_config, "shared_directories": [str(course.parents[1])]}


async def test_what_a_hub_publishes_is_asked_of_its_service(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await api("GET", "shared")).body == {"hub": False, "environments": []}
    monkeypatch.setenv("JUPYTER_ENVS_HUB_SERVICE", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "token")
    refused = await api("GET", "shared")
    assert (refused.status, refused.body["error"]["code"]) == (502, "shared.service")


async def test_listed_refused_and_cloned(course: Path, api: Api, finish: Finish, settings: Settings) -> None:
    shared = environment_id(str(course))
    listed = (await api("GET", "environments")).body["environments"]
    assert [(each["name"], each["kind"], each["writable"]) for each in listed] == [("course", "shared", False)]
    assert listed[0]["kernels"] == ["course"]
    kernels = (await api("GET", f"environments/{shared}/kernels")).body["kernels"]
    assert [kernel["name"] for kernel in kernels] == ["course"]

    asked = {"action": "install", "environment": shared, "specs": ["tool"]}
    for refused in (await api("POST", "plans", asked), await api("DELETE", f"environments/{shared}")):
        assert (refused.status, refused.body["error"]["code"]) == (403, "env.shared")
        assert "jupyter envs clone course my-course" in refused.body["error"]["hint"]

    cloned = await finish(await api("POST", "changes", {"action": "clone", "name": "mine", "clone_from": shared}))
    assert cloned["state"] == "done", cloned
    listed = (await api("GET", "environments")).body["environments"]
    assert [(each["name"], each["kind"]) for each in listed] == [("mine", "own"), ("course", "shared")]
    assert (Path(settings.envs_directories[0]) / "mine/conda-meta").is_dir()
