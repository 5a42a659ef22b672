from __future__ import annotations

import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jupyterhub.spawner import LocalProcessSpawner
from traitlets.config import Config

from jupyter_envs.errors import StorageError
from jupyter_envs.hub import configure
from jupyter_envs.hub.configuration import PUBLISH, PUBLISHERS, READ
from support import users
from support.ports import free_port
from support.waiting import wait_until


def configured(**options: Any) -> Config:
    c = Config()
    c.JupyterHub.services = [{"name": "other"}]
    c.JupyterHub.load_roles.append({"name": "server", "scopes": ["own"]})
    c.Spawner.environment = {"MINE": "1", "JUPYTER_PATH": "/opt/share"}
    configure(c, shared="/srv/envs", admins={"zoe"}, **options)
    return c


def test_what_stands_in_the_configuration_is_kept() -> None:
    c = configured()
    assert [service["name"] for service in c.JupyterHub.services] == ["other", "envs"]
    assert c.Spawner.environment["MINE"] == "1"
    assert c.Spawner.environment["JUPYTER_PATH"] == "/srv/envs/share/jupyter:/opt/share"
    (server,) = [role for role in c.JupyterHub.load_roles if role["name"] == "server"]
    assert {"own", "access:servers!server"} <= set(server["scopes"])


def test_variables_reach_a_spawner_that_has_some_of_its_own() -> None:
    class KubeSpawner(LocalProcessSpawner):  # type: ignore[misc]  # JupyterHub has no types
        """Its name is what counts: zero-to-jupyterhub sets its ``environment``, be it to nothing."""

    c = Config()
    c.KubeSpawner.environment = {}
    c.OtherSpawner.cmd = ["start"]
    configure(c, shared="/srv/envs", policy="/etc/policy.yaml")
    given = KubeSpawner(config=c, user=None, hub=None).environment
    assert given.keys() == {
        "JUPYTER_ENVS_SHARED",
        "JUPYTER_ENVS_POLICY",
        "JUPYTER_ENVS_HUB_SERVICE",
        "JUPYTER_PATH",
    }
    assert c.OtherSpawner == {"cmd": ["start"]}


def test_only_the_role_of_publishers_may_publish() -> None:
    roles = {role["name"]: role for role in configured().JupyterHub.load_roles}
    assert [name for name, role in roles.items() if PUBLISH in role["scopes"]] == [PUBLISHERS]
    assert roles[PUBLISHERS]["users"] == ["zoe"]
    assert READ in roles["user"]["scopes"]
    assert READ in roles["server"]["scopes"]


def test_the_policy_reaches_users_and_the_service() -> None:
    c = configured(policy="/etc/policy.yaml", listen="0.0.0.0")
    assert c.Spawner.environment["JUPYTER_ENVS_POLICY"] == "/etc/policy.yaml"
    service = c.JupyterHub.services[-1]["environment"]
    assert (service["JUPYTER_ENVS_POLICY"], service["JUPYTER_ENVS_LISTEN"]) == ("/etc/policy.yaml", "0.0.0.0")


@pytest.mark.parametrize(
    "options", [{"shared": "envs"}, {"shared": "/envs", "policy": "p.yaml"}, {"shared": "/envs", "url": "http://here"}]
)
def test_what_cannot_work_is_refused_when_the_file_is_read(options: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"absolute|http://"):
        configure(Config(), **options)  # type: ignore[arg-type]  # keywords of one type


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_the_service_listens_on_all_addresses(tmp_path: Path, address: str) -> None:
    if ":" in address and not Path("/proc/net/if_inet6").exists():
        pytest.skip("needs IPv6")
    port = free_port()
    c = Config()
    configure(c, shared=tmp_path, url=f"http://hub.example:{port}", listen="")
    (service,) = c.JupyterHub.services
    process = subprocess.Popen(service["command"], env=of_the_hub(service))
    try:
        wait_until(lambda: process.poll() is not None or answers(address, port), f"the service answers at {address}")
        assert process.poll() is None
    finally:
        process.terminate()
        process.wait(30)


def test_a_shared_root_that_the_hub_cannot_write_ends_the_service_with_a_sentence(tmp_path: Path) -> None:
    if users.missing():
        pytest.skip(users.missing())
    c = Config()
    configure(c, shared=tmp_path)
    (service,) = c.JupyterHub.services
    ran = subprocess.run(
        [users.python_for_all(), *service["command"][1:]],
        env={**of_the_hub(service), "PYTHONPATH": users.packages(), "HOME": "/"},
        user=users.FIRST,
        group=users.FIRST,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == StorageError.exit_code, ran.stderr
    (line,) = ran.stderr.splitlines()
    assert f"{tmp_path}/.service" in line
    assert f"writable for account {users.FIRST}" in line


def of_the_hub(service: dict[str, Any]) -> dict[str, str]:
    """Return the variables that JupyterHub gives to a service."""
    given = {
        "JUPYTERHUB_API_TOKEN": "token",
        "JUPYTERHUB_API_URL": "http://127.0.0.1:9/hub/api",
        "JUPYTERHUB_CLIENT_ID": "service-envs",
        "JUPYTERHUB_SERVICE_NAME": "envs",
        "JUPYTERHUB_SERVICE_PREFIX": "/services/envs/",
        "JUPYTERHUB_SERVICE_URL": service["url"],
    }
    return {**service["environment"], **given}


def answers(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port)).close()
    except ConnectionRefusedError:
        return False
    return True
