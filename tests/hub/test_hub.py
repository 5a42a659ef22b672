"""A real Hub: who may, and what it comes to when something is published."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import requests

from hub.running import SERVICE, RunningHub, Visitor
from support.channel import Channel
from support.ports import free_port


def recipe(version: str) -> dict[str, str]:
    return {"name": "environment.yml", "text": f"dependencies:\n- interpreter::python\n- tool={version}\n"}


def test_the_page_shows_the_form_to_publishers_only(admin: Visitor, anna: Visitor) -> None:
    assert 'id="publish"' in admin.page()
    assert 'id="publish"' not in anna.page()


def test_rest_refuses_whoever_is_nobody_and_whoever_lacks_the_scope(hub: RunningHub, anna: Visitor) -> None:
    stranger = requests.get(f"{hub.url}{SERVICE}api/v1/environments", timeout=30)
    assert stranger.status_code == 401
    wrong = requests.get(f"{hub.url}{SERVICE}api/v1/environments", headers={"Authorization": "token wrong"}, timeout=30)
    assert wrong.status_code in (401, 403)
    seen = anna.rest("GET", "environments").json()
    assert seen["may_publish"] is False
    assert not any(one["generations"] for one in seen["environments"]), "what was built is for publishers to see"
    refused = anna.rest("POST", "environments", {"name": "data", "file": recipe("1.0")})
    assert refused.status_code == 403
    assert "custom:jupyter-envs:publish" in refused.json()["error"]["message"]


def test_a_program_with_a_token_needs_no_secret_of_the_page(hub: RunningHub, admin: Visitor, anna: Visitor) -> None:
    url = f"{hub.url}{SERVICE}api/v1/environments"
    body = {"name": "not/a name", "file": recipe("1.0")}

    def answered(token: str, cookies: object = None) -> tuple[int, str]:
        headers = {"Authorization": f"token {token}"}
        answer = requests.post(url, json=body, headers=headers, cookies=cookies, timeout=60)  # type: ignore[arg-type]
        return answer.status_code, answer.json()["error"]["message"]

    status, said = answered(admin.token())
    assert (status, "is not a name for an environment" in said) == (400, True), said
    assert "custom:jupyter-envs:publish" in answered(anna.token())[1]
    assert answered("wrong")[0] == 403
    assert "_xsrf" in answered("wrong", admin.session.cookies)[1], "a wrong token does not open the door for cookies"


def test_what_is_published_is_a_kernel_and_a_running_one_keeps_its_generation(
    hub: RunningHub, admin: Visitor, anna: Visitor
) -> None:
    ask = "import sys, tool; print(sys.prefix, tool.version)"
    prefix = hub.shared / "generations" / "data"
    admin.publish("data", recipe("1.0"))
    first = admin.published("data", 1)
    assert (first["published"], first["by"]) == (True, admin.user), first

    base = anna.start_server()
    specs = anna.get(f"{base}api/kernelspecs").json()["kernelspecs"]
    assert specs["shared-data"]["spec"]["display_name"].endswith("(data, shared)")
    listed = anna.rest("GET", "environments", user_server=True).json()["environments"]
    (row,) = (one for one in listed if one["name"] == "data")
    assert (row["kind"], row["path"]) == ("shared", specs["shared-data"]["spec"]["metadata"]["conda_env_path"])
    old = anna.start_kernel("shared-data")
    assert anna.execute(old, ask).split() == [str(prefix / "1"), "1.0"]

    admin.publish("data", recipe("2.0"))
    assert admin.published("data", 2)["published"]
    assert (hub.shared / "envs/data").resolve() == prefix / "2"
    new = anna.start_kernel("shared-data")
    assert anna.execute(new, ask).split() == [str(prefix / "2"), "2.0"]
    assert anna.execute(old, ask).split() == [str(prefix / "1"), "1.0"]

    assert admin.rest("POST", "environments/data/switch", {"generation": 1}).status_code == 200
    assert anna.execute(anna.start_kernel("shared-data"), ask).split() == [str(prefix / "1"), "1.0"]

    told = anna.rest("GET", "shared", user_server=True).json()
    assert told["hub"]
    assert {"name": "data", "generation": 1} in told["environments"]

    refused = admin.rest("DELETE", "environments/data/generations/1")
    assert (refused.status_code, refused.json()["error"]["code"]) == (423, "locked.published")
    assert admin.rest("DELETE", "environments/data/generations/2").status_code == 200
    assert not (prefix / "2").exists()

    lines = map(json.loads, hub.audit.read_text(encoding="utf-8").splitlines())
    written = [line for line in lines if Path(line["prefix"]).parent == prefix]
    acts = ["create", "publish", "create", "publish", "publish", "delete"]
    assert [(line["action"], line["outcome"]) for line in written] == [(act, "done") for act in acts]
    assert [line["command"] for line in written][:2] == [
        f"build data for {admin.user}",
        f"publish data for {admin.user}",
    ]


def test_a_file_that_cannot_be_solved_changes_nothing(admin: Visitor) -> None:
    admin.publish("broken", recipe("3.0"))
    failed = admin.published("broken", 1)
    assert (failed["state"], failed["published"]) == ("failed", False)
    assert "tool" in failed["message"]
    assert admin.rest("POST", "environments/broken/switch", {"generation": 1}).status_code == 400
    assert admin.rest("DELETE", "environments/broken/generations/1").status_code == 200


def test_a_service_restarts_in_mid_build(hub: RunningHub, admin: Visitor, stock: Channel, gate: Path) -> None:
    for name in ("slow", "dying"):
        admin.publish(name, exactly(stock, "plain"))
        assert admin.published(name, 1)["published"]
        admin.publish(name, exactly(stock, "waits"))
        hub.until(gate.with_suffix(f".{name}").exists, f"the build of {name} is in the middle")
    restart(hub, with_jobs_of="dying")
    assert admin.generations("slow")[2]["state"] == "building"
    assert admin.generations("slow")[1]["published"]
    gate.touch()
    assert admin.published("slow", 2)["published"]

    failed = admin.published("dying", 2)
    assert failed["state"] == "failed"
    assert "interrupted" in failed["message"]
    assert (hub.shared / "envs/dying").resolve().name == "1"
    assert sorted(path.name for path in (hub.shared / "generations/dying").iterdir()) == ["1", "1.json", "2.json"]


def test_a_second_service_waits_until_the_first_has_ended(
    hub: RunningHub, admin: Visitor, stock: Channel, gate: Path
) -> None:
    (service,) = hub.service_pids()
    token = {"Authorization": f"token {admin.token()}"}
    with another_service(service) as url:
        hub.until(lambda: answers_at(url), "the second service answers")
        told = requests.get(url, headers=token, timeout=60).json()["waiting_for"]
        assert f"another service publishes into {hub.shared} (process {service} on " in told
        body = {"name": "second", "file": exactly(stock, "plain")}
        refused = requests.post(url, headers=token, json=body, timeout=60)
        assert (refused.status_code, refused.json()["error"]["code"]) == (423, "locked.publishing")

        admin.publish("handed", exactly(stock, "waits"))
        hub.until(gate.with_suffix(".handed").exists, "the build is in the middle")
        restart(hub, with_jobs_of="nothing")
        places = (url, f"{hub.url}{SERVICE}api/v1/environments")
        hub.until(lambda: [bool(waits(place, token)) for place in places].count(False) == 1, "one of them publishes")
        gate.touch()
        assert admin.published("handed", 1)["published"]

    def switched() -> bool:
        answer = admin.rest("POST", "environments/handed/switch", {"generation": 1})
        assert answer.status_code in (200, 423), answer.text
        return answer.status_code == 200

    hub.until(switched, "the Hub's service publishes again")


@contextlib.contextmanager
def another_service(pid: int) -> Iterator[str]:
    """Run a second service with the variables of the first, and return where its list is."""
    port = free_port()
    process = psutil.Process(pid)
    environ = {**process.environ(), "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{port}"}
    with subprocess.Popen(
        process.cmdline(), env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as second:
        try:
            yield f"http://127.0.0.1:{port}/{SERVICE}api/v1/environments"
        finally:
            second.terminate()


def answers_at(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code == 401
    except requests.RequestException:
        return False


def waits(url: str, token: dict[str, str]) -> str:
    """Return what a service waits for."""
    return str(requests.get(url, headers=token, timeout=60).json()["waiting_for"])


def exactly(channel: Channel, name: str) -> dict[str, str]:
    """Return a list of one exact package, for which nothing is solved and no Python is needed."""
    return {"name": "exact.txt", "text": f"@EXPLICIT\n{channel.record(name).url}\n"}


def restart(hub: RunningHub, *, with_jobs_of: str) -> None:
    """Kill the service, and with it the jobs of one environment as a container's end would; the Hub starts another."""
    (service,) = hub.service_pids()
    for pid in (service, *hub.job_pids(with_jobs_of)):
        with contextlib.suppress(ProcessLookupError):  # a script that waits is a row of short sleeps
            os.kill(pid, signal.SIGKILL)
    hub.until(lambda: [pid for pid in hub.service_pids() if pid != service], "the Hub has started another service")
    hub.until(hub.answers, "the service answers")
