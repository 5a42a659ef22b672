"""The files of ``deploy/``, as far as they can be tried without Docker and without a cluster."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jupyterhub.authenticators.shared import SharedPasswordAuthenticator
from traitlets.config import Config

from jupyter_envs.hub.configuration import PUBLISH, PUBLISHERS
from jupyter_envs.policy_load import parse_policy

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
POLICY = "/etc/jupyter-envs/policy.yaml"
SHARED = "/srv/envs"


def read(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))


def configured(code: str, c: Config | None = None) -> Config:
    """Return the configuration after a file of JupyterHub's has been read."""
    config = Config() if c is None else c
    exec(compile(code, "jupyterhub_config.py", "exec"), {"c": config, "get_config": lambda: config})
    return config


def service_of(c: Config) -> dict[str, Any]:
    (service,) = (one for one in c.JupyterHub.services if one["name"] == "envs")
    return dict(service)


def publishers_of(c: Config) -> list[str]:
    (role,) = (one for one in c.JupyterHub.load_roles if PUBLISH in one["scopes"])
    assert role["name"] == PUBLISHERS
    return list(role["users"])


def test_one_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.touch()
    monkeypatch.setenv("HUB_PUBLISHERS", "zoe yan")
    monkeypatch.setenv("HUB_POLICY", str(policy))
    c = configured((DEPLOY / "single-machine/jupyterhub_config.py").read_text(encoding="utf-8"))
    assert publishers_of(c) == ["yan", "zoe"]
    assert c.JupyterHub.bind_url.startswith("http://127.0.0.1:"), "passwords are not sent over a network in the clear"
    assert service_of(c)["environment"]["JUPYTER_ENVS_POLICY"] == c.Spawner.environment["JUPYTER_ENVS_POLICY"]


def test_compose(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    compose = read("compose/compose.yaml")
    hub = compose["services"]["hub"]
    assert set(hub["secrets"]) == set(compose["secrets"])
    for secret in hub["secrets"]:
        (tmp_path / secret).write_text(f"{secret:-<48}\n")
    monkeypatch.setenv("HUB_SECRETS", str(tmp_path))
    for name, value in hub["environment"].items():
        monkeypatch.setenv(name, value)
    c = configured((DEPLOY / "compose/jupyterhub_config.py").read_text(encoding="utf-8"))

    assert publishers_of(c) == ["admin"]
    assert c.JupyterHub.authenticator_class == "shared-password"
    passwords = SharedPasswordAuthenticator(config=c)
    assert passwords.admin_users == {"admin"}, "who publishes has a password of their own"
    assert passwords.admin_password != passwords.user_password
    mounted = dict(volume.split(":")[:2] for volume in hub["volumes"])
    assert mounted["envs-shared"] == SHARED == service_of(c)["environment"]["JUPYTER_ENVS_SHARED"]
    assert c.DockerSpawner.read_only_volumes == {compose["volumes"]["envs-shared"]["name"]: SHARED}
    assert c.DockerSpawner.network_name == compose["networks"]["hub"]["name"]
    assert c.DockerSpawner.image == hub["image"]
    assert all(port.startswith("127.0.0.1:") for port in hub["ports"])


def test_kubernetes() -> None:
    values = read("kubernetes/values.yaml")
    hub, users = values["hub"], values["singleuser"]
    (code,) = hub["extraConfig"].values()
    before = Config()
    before.KubeSpawner.environment = {}  # as the chart does it
    c = configured(code, before)
    (port,) = hub["service"]["extraPorts"]
    assert service_of(c)["url"] == f"http://hub:{port['port']}"
    assert service_of(c)["environment"]["JUPYTER_ENVS_LISTEN"] == "0.0.0.0"
    assert c.KubeSpawner.environment["JUPYTER_ENVS_SHARED"] == SHARED
    opened = [
        rule["ports"][0]["port"]
        for policy in (
            hub["networkPolicy"]["ingress"],
            users["networkPolicy"]["egress"],
            values["proxy"]["chp"]["networkPolicy"]["egress"],
        )
        for rule in policy
    ]
    assert opened == [port["targetPort"]] * 3

    (claim,) = yaml.safe_load_all((DEPLOY / "kubernetes/shared.yaml").read_text(encoding="utf-8"))
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    for place, read_only in ((hub, False), (users["storage"], True)):
        (volume,), (mount,) = place["extraVolumes"], place["extraVolumeMounts"]
        assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
        assert (mount["mountPath"], mount["name"], mount.get("readOnly", False)) == (SHARED, volume["name"], read_only)
    for place in (hub, users):
        file = place["extraFiles"]["policy"]
        assert file["mountPath"] == POLICY
        assert parse_policy(yaml.safe_load(file["stringData"])) == parse_policy(read("policy.yaml"))


def test_the_images() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    stages = re.findall(r"^FROM \S+ AS (\S+)$", text, re.MULTILINE)
    assert set(re.findall(r"^COPY --from=(\S+)", text, re.MULTILINE)) <= set(stages)
    for place in re.findall(r"^COPY (?!--)(\S+)", text, re.MULTILINE):
        assert (DEPLOY.parent / place).exists(), place
    assert f"COPY deploy/policy.yaml {POLICY}" in text
    values = (DEPLOY / "kubernetes/values.yaml").read_text(encoding="utf-8")
    for stage in re.findall(r"--target (\S+)", values):
        assert stage in stages
    kept = (DEPLOY.parent / ".dockerignore").read_text(encoding="utf-8").split()
    assert {"server_ext/jupyter_envs/labextension", "labext/lib", ".*"} <= set(kept), (
        "a stale frontend would be shipped"
    )
