"""``make containers``: ``deploy/Dockerfile`` and ``deploy/compose``, and what an administrator and two users do there.

Opt-in: it needs a Docker daemon with Compose, the base images, and a package index that containers reach. Nothing
stands in for anything: the images are built, the files of ``deploy/compose`` are started, users' servers are
containers. What is tried has another policy, under which the Python of the image can be borrowed, and a channel on the
shared volume, whose Python is that of the first image. Removes what it made, but for the images
``jupyter-envs-hub:check`` and ``jupyter-envs-hub:check-next``.
"""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from containers.channel import make_channel
from containers.docker import ADMIN, PATIENCE, REPOSITORY, Deployment, RefusedError, docker, in_the_way
from hub.running import Visitor

IMAGE, RULED = "jupyter-envs-hub:check", "jupyter-envs-hub:check-policy"
NEXT, NEXT_RULED, NEXT_PYTHON = "jupyter-envs-hub:check-next", "jupyter-envs-hub:check-next-policy", "3.13"
NEXT_LAYERS = "USER root\nRUN pip install --no-cache-dir 'jupyterlab<4.6' 'ipykernel<7'\nUSER jovyan\n"
"""What an administrator changes, too: the server of JupyterLab and its own kernel."""
CHANNEL = "/srv/envs/channel"
HOME, ROOT = "/home/jovyan", "/home/jovyan/.local/share/jupyter-envs"
RULES = f"""policy_version: 1
sources: [conda, pypi, interpreter]
channels: ["file://{CHANNEL}"]
blocked: [toolz]
quota: {{environments: 5}}
audit: {HOME}/audit.jsonl
"""
WHEELS = ("numpy", "pandas", "matplotlib", "scipy")
"""Enough for a build that is seen while it is made."""
ASK = "import sys, tabulate; print(sys.prefix, tabulate.__version__)"
MAGICS = """
import os; print("envinstall" in get_ipython().magics_manager.magics["line"])
%envinfo
"""
WRITE = """
import pathlib
for path in ("/srv/envs/x", "/srv/envs/envs/data/x", "/etc/jupyter-envs/policy.yaml"):
    try: print(pathlib.Path(path).write_text("x"))
    except OSError as error: print(error.strerror)
"""


def say(text: str) -> None:
    """Say what comes next."""
    print(f"==> {text}", flush=True)


def recipe(*specs: str) -> dict[str, str]:
    """Return an environment.yml: the image's own Python, and wheels."""
    return {"name": "environment.yml", "text": json.dumps({"dependencies": ["interpreter::python", {"pip": [*specs]}]})}


def server(user: str) -> str:
    """Return the name of a user's container."""
    return f"jupyter-{user}"


def build() -> None:
    """Build the image as its first lines say, look at it, and one of another Python; upon both the check's policy."""
    file = REPOSITORY / "deploy" / "Dockerfile"
    docker("build", "--file", file, "--tag", IMAGE, REPOSITORY)
    docker("build", "--file", file, "--build-arg", f"PYTHON={NEXT_PYTHON}", "--tag", NEXT, REPOSITORY)
    look = "id -un; stat -c '%U %a' /etc/jupyter-envs/policy.yaml; jupyter envs --version; command -v npm || true"
    seen = docker("run", "--rm", IMAGE, "sh", "-c", look).splitlines()
    assert seen[:2] == ["jovyan", "root 644"], seen
    (facts,) = json.loads(docker("image", "inspect", IMAGE))
    print(f"    {facts['Size'] / 1e6:.0f} MB, as {seen[0]}, {' '.join(seen[2:])}")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "policy.yaml").write_text(RULES)
        Path(folder, "condarc").write_text(json.dumps({"channels": [f"file://{CHANNEL}"]}))
        files = "COPY policy.yaml /etc/jupyter-envs/policy.yaml\nCOPY condarc /etc/conda/.condarc\n"
        for image, ruled, layers in ((IMAGE, RULED, ""), (NEXT, NEXT_RULED, NEXT_LAYERS)):
            Path(folder, "Dockerfile").write_text(f"FROM {image}\n{layers}{files}")
            docker("build", "--tag", ruled, folder)


def publish(admin: Visitor, name: str, *specs: str) -> dict[str, Any]:
    """Publish a generation and return it when its build has ended."""
    admin.publish(name, recipe(*specs))
    return admin.published(name, max(admin.generations(name)))


@contextlib.contextmanager
def stopped_in_mid_creation(container: str, folder: str, name: str) -> Iterator[threading.Event]:
    """Watch a container, and stop all in it while it makes an environment; what is given is set then."""
    appears = f"ls -d {folder}/.{name}.*.creating >/dev/null 2>&1"
    watched = f"for turn in $(seq 10000); do if {appears}; then kill -STOP -1; exit 0; fi; sleep 0.02; done; exit 1"
    stopped = threading.Event()

    def watch() -> None:
        with contextlib.suppress(RefusedError):
            docker("exec", container, "sh", "-c", watched)
            stopped.set()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield stopped
    finally:
        thread.join()


def check_publishing(hub: Deployment, admin: Visitor, anna: Visitor) -> None:
    """A refusal, two generations, a kernel that keeps its own, a roll back; users write none of it."""
    refused = publish(admin, "bad", "toolz")
    assert "(rule 'blocked' of the policy)" in refused["message"], refused
    first = publish(admin, "data", "tabulate==0.9.0")
    assert first["published"], first
    anna.start_server()
    old = anna.start_kernel("shared-data")
    assert anna.execute(old, ASK).split() == ["/srv/envs/generations/data/1", "0.9.0"]
    assert publish(admin, "data", "tabulate==0.10.0")["published"]
    assert anna.execute(anna.start_kernel("shared-data"), ASK).split() == ["/srv/envs/generations/data/2", "0.10.0"]
    assert anna.execute(old, ASK).split() == ["/srv/envs/generations/data/1", "0.9.0"]
    assert admin.rest("POST", "environments/data/switch", {"generation": 1}).status_code == 200
    assert anna.execute(anna.start_kernel("shared-data"), ASK).split()[1] == "0.9.0"
    said = anna.execute(anna.start_kernel("python3"), WRITE).splitlines()
    assert said == ["Read-only file system", "Read-only file system", "Permission denied"], said
    assert anna.rest("POST", "environments", {"name": "mine", "file": recipe("six")}).status_code == 403


def check_own(anna: Visitor, ben: Visitor) -> None:
    """A clone of what is published, changed and refused; another user sees none of it; who is written down for it."""
    data = anna.environments()["data"]
    plan = anna.rest("POST", "plans", {"action": "clone", "name": "own", "clone_from": data["id"]}, user_server=True)
    planned = anna.ended(plan.json()["job"]["id"])
    assert planned["state"] == "done", planned
    shown = anna.rest("GET", f"plans/{planned['result']['plan_id']}", user_server=True).json()["plan"]
    said = "; ".join(one["message"] for one in shown["warnings"])
    print(f"    a clone takes {shown['disk_bytes'] / 1e6:.1f} MB: {said or 'it is linked'}")
    assert anna.change(action="clone", name="own", clone_from=data["id"])["state"] == "done"
    own = anna.environments()["own"]
    assert own["path"] == f"{ROOT}/envs/own"
    assert anna.change(action="install", environment=own["id"], specs=["pypi::six"])["state"] == "done"
    refused = anna.change(action="install", environment=own["id"], specs=["pypi::toolz"])
    assert refused["error"]["code"] == "policy.blocked", refused
    ben.start_server()
    assert "own" not in ben.environments()
    lines = docker("exec", server("anna"), "cat", f"{HOME}/audit.jsonl").splitlines()
    acts = [tuple(json.loads(line)[key] for key in ("user", "action", "outcome")) for line in lines]
    assert acts == [("anna", "clone", "done"), ("anna", "install", "done"), ("anna", "install", "refused")], acts


def check_the_hubs_restarts(hub: Deployment, admin: Visitor, anna: Visitor) -> None:
    """A kernel goes on while the Hub is restarted, killed and replaced; a killed build is called interrupted."""
    kernel = anna.start_kernel("envs-own")
    anna.execute(kernel, "kept = 7")
    hub.compose("restart")
    hub.until(hub.answers, "the Hub is back after a restart")
    assert anna.execute(kernel, "print(kept)") == "7\n"
    came_back(admin)
    for again in (("start",), ("up", "--detach", "--force-recreate")):
        number = max(admin.generations("slow"), default=0) + 1
        with stopped_in_mid_creation(hub.hub(), "/srv/envs/generations/slow", str(number)) as stopped:
            admin.publish("slow", recipe(*WHEELS))
            assert stopped.wait(PATIENCE), "the build was not seen"
            docker("kill", hub.hub())
        hub.compose(*again)
        hub.until(hub.answers, "the Hub is back after it was killed")
        came_back(admin)
        failed = admin.published("slow", number)
        assert "interrupted" in failed["message"], failed
    left = docker("exec", hub.hub(), "ls", "-A", "/srv/envs/generations/slow").split()
    assert left == ["1.json", "2.json"], left
    assert anna.execute(kernel, "print(kept)") == "7\n"
    assert publish(admin, "slow", *WHEELS)["published"]


def came_back(user: Visitor) -> None:
    """Load the service's page again: its cookies end with the Hub, which gives it another token when it starts it."""
    answer = user.rest("GET", "environments")
    assert answer.status_code == 401, answer.text
    user.page()


def check_the_users_restarts(hub: Deployment, anna: Visitor) -> None:
    """What a user has outlives the container, also one that was killed in the middle of a change."""
    with stopped_in_mid_creation(server("anna"), f"{ROOT}/envs", "big") as stopped:
        specs = ["interpreter::python", *(f"pypi::{one}" for one in WHEELS)]
        body = {"action": "create", "name": "big", "specs": specs}
        job = anna.rest("POST", "changes", body, user_server=True).json()["job"]["id"]
        assert stopped.wait(PATIENCE), "the creation was not seen"
        docker("rm", "--force", server("anna"))
    hub.until(lambda: "anna" not in docker("ps"), "the container is gone")
    hub.until(lambda: restarted(anna), "anna has a server again")
    assert anna.ended(job)["state"] == "interrupted"
    assert [name for name, one in anna.environments().items() if one["kind"] != "shared"] == ["own"]
    assert anna.execute(anna.start_kernel("envs-own"), ASK + "\nimport six").split() == [f"{ROOT}/envs/own", "0.9.0"]
    assert anna.change(**body)["state"] == "done"
    hub.until(lambda: not zombies(server("anna")), "the ends of all processes have been seen")


def zombies(container: str) -> list[str]:
    """Return the lines of processes that have ended and whose end nobody has seen yet."""
    states = docker("exec", container, "sh", "-c", "grep -h '^State' /proc/[0-9]*/status || true").splitlines()
    return [line for line in states if line.split()[1] == "Z"]


def restarted(user: Visitor) -> bool:
    """Start a user's server once the Hub has seen that the one before is gone, and tell whether it answers."""
    with contextlib.suppress(AssertionError, ValueError):
        user.start_server()
        user.environments()
        return True
    return False


def check_another_image(hub: Deployment, admin: Visitor, anna: Visitor, ben: Visitor) -> None:
    """Hub and users get an image with another Python: what was made with the first works, or says what helps."""
    steady = {"dependencies": ["python", {"pip": ["tabulate==0.9.0"]}]}
    admin.publish("steady", {"name": "environment.yml", "text": json.dumps(steady)})
    assert admin.published("steady", 1)["published"]
    specs = ["python", "ipykernel", "pypi::tabulate==0.9.0"]
    assert anna.change(action="create", name="kept", specs=specs)["state"] == "done"
    assert (
        anna.change(action="install", environment=anna.environments()["kept"]["id"], specs=["six"])["state"] == "done"
    )
    with stopped_in_mid_creation(server("anna"), f"{ROOT}/envs", "late") as stopped:
        body = {"action": "create", "name": "late", "specs": specs}
        job = anna.rest("POST", "changes", body, user_server=True).json()["job"]["id"]
        assert stopped.wait(PATIENCE), "the creation was not seen"
        docker("rm", "--force", server("anna"))
    hub.replace_image(NEXT_RULED)
    came_back(admin)
    hub.until(lambda: restarted(anna), "anna has a server of the new image")
    version = docker("exec", server("anna"), "python", "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
    assert version == NEXT_PYTHON, version
    assert anna.ended(job)["state"] == "interrupted"
    broken = {name: one["broken"] for name, one in anna.environments().items()}
    lent, own = dict.fromkeys(("data", "slow", "own", "big"), True), dict.fromkeys(("steady", "kept"), False)
    assert broken == lent | own, broken
    for name, prefix in (("envs-kept", f"{ROOT}/envs/kept"), ("shared-steady", "/srv/envs/generations/steady/1")):
        kernel = anna.start_kernel(name)
        assert anna.execute(kernel, ASK).split() == [prefix, "0.9.0"]
        assert anna.execute(kernel, MAGICS).split()[0] == "True"
    kept = anna.environments()["kept"]["id"]
    assert anna.change(action="undo", environment=kept)["state"] == "done"
    assert anna.change(action="install", environment=kept, specs=["six"])["state"] == "done"
    assert ben.execute(ben.start_kernel("shared-steady"), MAGICS).split()[0] == "True"  # his server is the old image's
    check_what_has_lost_its_python(admin, anna)
    ben.stop_server()
    ben.start_server()
    assert ben.execute(ben.start_kernel("shared-data"), ASK).split() == ["/srv/envs/generations/data/3", "0.10.0"]


def check_what_has_lost_its_python(admin: Visitor, anna: Visitor) -> None:
    """What borrows the first image's Python: it is named, mended as is said there, and nothing goes back to it."""
    own = anna.environments()["own"]["id"]
    found = anna.rest("GET", f"environments/{own}/doctor", user_server=True).json()["findings"]
    (gone,) = (finding for finding in found if finding["severity"] == "error")
    print(f"    {gone['message']}; {gone['hint']}")
    assert gone["fix"] == {"action": "install", "specs": [f"interpreter::python={NEXT_PYTHON}"]}, gone
    fixed = anna.rest("POST", f"environments/{own}/fix", gone["fix"], user_server=True)
    assert anna.ended(fixed.json()["job"]["id"])["state"] == "done"
    kernel = anna.start_kernel("envs-own")
    assert anna.execute(kernel, ASK + "\nimport six").split() == [f"{ROOT}/envs/own", "0.9.0"]
    assert anna.execute(kernel, MAGICS).split()[0] == "True"
    back = anna.change(action="undo", environment=own)
    assert back["error"]["code"].endswith("interpreter.missing"), back
    assert {"has gone" in one["message"] for one in admin.generations("data").values()} == {True}
    assert admin.rest("POST", "environments/data/switch", {"generation": 2}).status_code == 404
    assert publish(admin, "data", "tabulate==0.10.0")["published"]
    assert anna.execute(anna.start_kernel("shared-data"), ASK).split() == ["/srv/envs/generations/data/3", "0.10.0"]


def run() -> None:
    """Do all of it."""
    found = in_the_way()
    if found:
        raise RefusedError(f"there is a deployment here already, and this check would remove it: {', '.join(found)}")
    say("Building deploy/Dockerfile")
    build()
    with tempfile.TemporaryDirectory(prefix="jupyter-envs-check-") as folder:
        hub = Deployment(Path(folder), RULED)
        try:
            say("Starting deploy/compose")
            hub.up()
            channel = make_channel(Path(folder, "channel"), IMAGE)
            docker("cp", channel.folder, f"{hub.hub()}:{CHANNEL}")
            admin, anna, ben = (hub.login(user) for user in (ADMIN, "anna", "ben"))
            say("Publishing: a refusal, two generations, a roll back; what users cannot write")
            check_publishing(hub, admin, anna)
            say("A clone, a package, a refusal; the audit")
            check_own(anna, ben)
            say("The Hub is restarted, and killed in the middle of builds")
            check_the_hubs_restarts(hub, admin, anna)
            say("A user's container is removed in the middle of a change")
            check_the_users_restarts(hub, anna)
            say(f"Another image, with Python {NEXT_PYTHON}, for the Hub and for users")
            check_another_image(hub, admin, anna, ben)
        finally:
            say("Removing containers, volumes and the network")
            hub.down()
            docker("rmi", RULED, NEXT_RULED)
    print("all of it is as it should be")


if __name__ == "__main__":
    try:
        run()
    except RefusedError as refused:
        sys.exit(f"not checked: {refused}")
