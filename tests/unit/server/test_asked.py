"""What was asked for in a job, as a body that asks for it again."""

from __future__ import annotations

import msgspec
import pytest

from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.server.identifiers import environment_id
from jupyter_envs.server.requests import ChangeBody
from jupyter_envs.server.wire.asked import asked_json

ENVS = "/envs"
INSTALL = ChangeRequest(action="install", prefix="/envs/a", specs=("six>=2",), command="install a 'six>=2'")
CREATE = ChangeRequest(action="create", prefix="/envs/a", specs=("six",), add_ipykernel=True, command="create")


@pytest.mark.parametrize(
    ("change", "body"),
    [
        (INSTALL, {"action": "install", "environment": environment_id("/envs/a"), "specs": ["six>=2"]}),
        (CREATE, {"action": "create", "name": "a", "add_ipykernel": True, "specs": ["six"]}),
        (
            ChangeRequest(action="clone", prefix="/envs/b", clone_from="/envs/a", command="clone"),
            {"action": "clone", "name": "b", "clone_from": environment_id("/envs/a")},
        ),
        (
            ChangeRequest(action="restore", prefix="/envs/a", generation=3, command="restore"),
            {"action": "restore", "environment": environment_id("/envs/a"), "generation": 3},
        ),
    ],
)
def test_a_change_is_a_body_that_the_server_takes(change: ChangeRequest, body: dict[str, object]) -> None:
    asked = asked_json(change, ENVS)
    assert asked == body
    assert msgspec.convert(asked, ChangeBody).action == change.action


def test_channels_and_what_else_limits_the_choice_are_kept() -> None:
    change = msgspec.structs.replace(INSTALL, channels=("https://host.example/main",), offline=True, sources=("conda",))
    asked = asked_json(change, ENVS)
    assert asked is not None
    assert (asked["channels"], asked["offline"], asked["sources"]) == (["https://host.example/main"], True, ["conda"])


@pytest.mark.parametrize(
    "url",
    [
        "https://me:secret@host.example/main",
        "https://secret@host.example/main",
        "https://host.example/t/se-cret/main",
        "https://host.example/main?token=secret",
    ],
)
def test_credentials_stay_on_the_server(url: str) -> None:
    assert asked_json(msgspec.structs.replace(INSTALL, channels=("conda-forge", url)), ENVS) is None
    assert asked_json(msgspec.structs.replace(INSTALL, specs=(f"{url}::six",)), ENVS) is None
    assert asked_json(msgspec.structs.replace(INSTALL, specs=(f"pypi::six @ {url}/six.whl",)), ENVS) is None


def test_what_a_body_cannot_say_is_not_said() -> None:
    record = RepodataRecord(
        name="six", version="1", build="0", build_number=0, url="", channel="", fn="", subdir="noarch"
    )
    changes = {
        "exact": {"records": (record,)},
        "digests": {"hashes": {"six": ("sha256:00",)}},
        "bundle": {"archives": "/bundle"},
        "only what it is for": {"command": ""},
    }
    for values in changes.values():
        assert asked_json(msgspec.structs.replace(INSTALL, **values), ENVS) is None
    assert asked_json(msgspec.structs.replace(CREATE, prefix="/elsewhere/a"), ENVS) is None
    assert asked_json(None, ENVS) is None
