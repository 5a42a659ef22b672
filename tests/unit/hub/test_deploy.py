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
USERS = 1000  # the account of users' servers: zero-to-jupyterhub's default, and that of our image


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
    assert Path(c.ConfigurableHTTPProxy.pid_file).parent == Path(hub["tmpfs"]), "an old pid may be the new Hub's"


def test_kubernetes() -> None:
    values = read("kubernetes/values.yaml")
    hub, users = values["hub"], values["singleuser"]
    (code,) = hub["extraConfig"].values()
    before = Config()
    before.KubeSpawner.environment = {}  # as the chart does it, and so the next two
    before.JupyterHub.base_url = "/base/"
    before.JupyterHub.hub_connect_url = "http://hub:8081"
    c = configured(code, before)
    (port,) = hub["service"]["extraPorts"]
    service = service_of(c)
    assert service["url"] == f"http://hub:{port['port']}"
    assert service["environment"]["JUPYTER_ENVS_LISTEN"] == "", "a cluster may have IPv6 only"
    assert service["environment"]["JUPYTERHUB_API_URL"] == "http://localhost:8081/base/hub/api"
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
    (rule,) = hub["networkPolicy"]["ingress"]
    allowed = [peer["podSelector"]["matchLabels"] for peer in rule["from"]]
    assert {"component": "hub"} in allowed, "the Hub asks whether the service is up, and its own pod has no other label"

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


def test_who_publishes_on_kubernetes_has_an_account_and_a_password_of_their_own() -> None:
    text = (DEPLOY / "kubernetes/values.yaml").read_text(encoding="utf-8")
    hub = read("kubernetes/values.yaml")["hub"]
    image = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    pod, container = hub["podSecurityContext"], hub["containerSecurityContext"]
    account = container["runAsUser"]
    assert f"useradd --uid {account} " in image, "the Hub looks its own account up by that number"
    assert account != USERS, "files of mode 0600 are the service's alone"
    assert pod["fsGroup"] == container["runAsGroup"] == account

    (line,) = re.findall(r"printf '(.*)\\n'", text)
    given = yaml.safe_load(line % ("u" * 48, "a" * 48))["hub"]["config"]
    passwords = SharedPasswordAuthenticator(config=Config({**hub["config"], **given}))
    assert passwords.admin_users == {"admin"}
    assert passwords.admin_password == "a" * 48
    c = Config({"JupyterHub": {"hub_connect_url": "http://hub:8081", "base_url": "/"}})
    assert publishers_of(configured(*hub["extraConfig"].values(), c)) == ["admin"]


def test_the_images() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    stages = re.findall(r"^FROM \S+ AS (\S+)$", text, re.MULTILINE)
    assert set(re.findall(r"^COPY --from=(\S+)", text, re.MULTILINE)) <= set(stages)
    for places in re.findall(r"^COPY (?!--)(.+) \S+$", text, re.MULTILINE):
        for place in places.split():
            assert (DEPLOY.parent / place).exists(), place
    assert f"COPY deploy/policy.yaml {POLICY}" in text
    assert f"useradd --uid {USERS} " in text
    values = (DEPLOY / "kubernetes/values.yaml").read_text(encoding="utf-8")
    (chart,) = set(re.findall(r"--version (\S+)", values))
    assert f"k8s-hub:{chart} AS k8s-hub" in text, "the Hub's image is the chart's"
    for stage in re.findall(r"--target (\S+)", values):
        assert stage in stages
    kept = (DEPLOY.parent / ".dockerignore").read_text(encoding="utf-8").split()
    assert {"server_ext/jupyter_envs/labextension", "labext/lib", ".*"} <= set(kept), (
        "a stale frontend would be shipped"
    )
