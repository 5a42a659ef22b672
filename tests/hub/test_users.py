"""What the policy of the tests refuses, whichever way it is asked for, and what one user is kept from of another's."""

from __future__ import annotations

import getpass
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from hub.accounts import missing_for_users
from hub.running import RunningHub, Visitor
from support.channel import Channel

SHELL = """
import subprocess, sys
ran = subprocess.run([sys.executable, "-m", "jupyter_envs.cli.main", *{arguments!r}], capture_output=True, text=True)
print(ran.returncode, ran.stdout, ran.stderr)
"""


MAGIC = """
try: get_ipython().run_line_magic("envinstall", {words!r})
except Exception as error: print(*error._render_traceback_(), sep="\\n")
"""


@pytest.fixture(scope="session")  # as the Hub: a worker may come back to this module
def kernel(anna: Visitor) -> str:
    """Return the kernel of an environment ``mine`` of anna's, in which she has a shell and magics."""
    anna.start_server()
    shell = anna.start_kernel("python3")
    made = in_shell(anna, shell, "create", "mine", "interpreter::python", "ipykernel", "--yes")
    assert made.startswith("0 "), made
    return anna.start_kernel("envs-mine")


@pytest.fixture
def two(anna: Visitor, kernel: str, stock: Channel) -> Iterator[str]:
    """Return a second environment of anna's, and leave her with what she had: tests of a file may share no worker."""
    if "two" not in anna.environments():
        made = in_shell(anna, kernel, "create", "two", stock.record("half").url, "--no-kernel", "--yes")
        assert made.startswith("0 "), made
    yield "two"
    anna.delete("two")
    if "other-half" in in_shell(anna, kernel, "packages", "mine"):
        removed = in_shell(anna, kernel, "remove", "mine", "other-half", "--yes")
        assert removed.startswith("0 "), removed
    cleaned = in_shell(anna, kernel, "clean", "--yes")
    assert cleaned.startswith("0 "), cleaned


def in_shell(user: Visitor, kernel: str, *arguments: str) -> str:
    """Return exit code and words of ``jupyter envs`` in a shell of a user's."""
    return user.execute(kernel, SHELL.format(arguments=arguments)).strip()


def planned(user: Visitor, **request: Any) -> dict[str, Any]:
    """Ask for a plan as the dialogs of JupyterLab do, and return the job that made it, or not."""
    answer = user.rest("POST", "plans", {"action": "create", "add_ipykernel": False, **request}, user_server=True)
    assert answer.status_code == 202, answer.text
    return user.ended(answer.json()["job"]["id"])


def audited(hub: RunningHub, user: Visitor) -> list[dict[str, Any]]:
    """Return what was written down of a user."""
    lines = [json.loads(line) for line in hub.audit.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line["user"] == user.user]


def test_a_rule_holds_whichever_way_is_taken(hub: RunningHub, anna: Visitor, kernel: str) -> None:
    dialog = planned(anna, name="dialog", specs=["forbidden"])
    assert (dialog["state"], dialog["error"]["code"]) == ("failed", "policy.blocked")
    assert "help@example.org" in dialog["error"]["hint"]

    program = requests.post(
        f"{hub.url}user/{anna.user}/envs/api/v1/changes",
        headers={"Authorization": f"token {anna.token()}"},
        json={"action": "create", "name": "program", "specs": ["forbidden"], "add_ipykernel": False},
        timeout=60,
    )
    assert program.status_code == 202, program.text
    assert anna.ended(program.json()["job"]["id"])["error"]["code"] == "policy.blocked"

    shell = in_shell(anna, kernel, "create", "shell", "forbidden", "--no-kernel", "--yes")
    assert shell.startswith("15 "), shell
    assert "(rule 'blocked' of the policy)" in shell

    magic = anna.execute(kernel, MAGIC.format(words="forbidden"))
    assert "(rule 'blocked' of the policy)" in magic

    refused = [line for line in audited(hub, anna) if line.get("code") == "policy.blocked"]
    assert {line["outcome"] for line in refused} == {"refused"}
    assert [line["prefix"].rpartition("/")[2] for line in refused] == ["dialog", "program", "shell", "mine"]


def test_a_quota_counts_environments_whichever_way_is_taken(
    hub: RunningHub, anna: Visitor, kernel: str, two: str
) -> None:
    told = "you have 2 environments (mine, two), and 2 are allowed (rule 'environments' of the policy)"
    for dialog in (
        planned(anna, name="three", specs=["plain"]),
        anna.change(action="create", name="three", specs=["plain"], add_ipykernel=False),
    ):
        assert (dialog["state"], dialog["error"]["code"]) == ("failed", "policy.environments")
        assert told in dialog["error"]["message"]
    third = in_shell(anna, kernel, "create", "three", "plain", "--no-kernel", "--yes")
    assert third.startswith("15 "), third
    assert told in third
    assert [line["outcome"] for line in audited(hub, anna)][-4:] == ["done", *["refused"] * 3]
    assert [name for name, one in anna.environments().items() if one["kind"] == "own"] == ["mine", two]


def test_a_disk_quota_says_what_would_make_room_and_is_right(
    hub: RunningHub, anna: Visitor, kernel: str, two: str
) -> None:
    mine = anna.environments()["mine"]
    asked = {"action": "install", "environment": mine["id"], "specs": ["other-half"]}
    dialog, program = planned(anna, **asked), anna.change(**asked)
    for job in (dialog, program):
        assert (job["state"], job["error"]["code"]) == ("failed", "policy.disk")
    said = dialog["error"]
    assert "of your quota of 8.0 MB are left (environments take " in said["message"]
    assert "(rule 'disk' of the policy)" in said["message"]
    assert "`jupyter envs delete NAME` and then `clean` free: two " in said["hint"]
    assert said["hint"].endswith("ask help@example.org")
    numbers = said["detail"]
    assert numbers["quota"] == 8_000_000 < numbers["used"] + numbers["needed"]
    assert numbers["used"] == numbers["environments_bytes"] + numbers["cache_bytes"] > 1_500_000
    (second,) = (held for held in numbers["environments"] if held["name"] == two)

    shell = in_shell(anna, kernel, "install", "mine", "other-half", "--yes")
    assert shell.startswith("15 "), shell
    magic = anna.execute(kernel, MAGIC.format(words="other-half"))
    for told in (shell, magic):
        assert "(rule 'disk' of the policy)" in told
        assert "and then `clean` free: two " in told

    for words in (("delete", two, "--yes"), ("clean", "--yes")):
        done = in_shell(anna, kernel, *words)
        assert done.startswith("0 "), done
    quota = anna.rest("GET", "disk", user_server=True).json()["quota"]
    assert quota["limit"] == 8_000_000
    assert quota["used"] <= numbers["used"] - second["bytes"]
    assert [held["name"] for held in quota["held"]] == ["mine"]
    assert anna.change(**asked)["state"] == "done"
    outcomes = [(line["action"], line["outcome"]) for line in audited(hub, anna)][-6:]
    assert outcomes == [*[("install", "refused")] * 4, ("delete", "done"), ("install", "done")]


def test_nobody_reaches_what_is_another_users(hub: RunningHub, anna: Visitor, ben: Visitor, kernel: str) -> None:
    row = anna.environments()["mine"]
    token = {"Authorization": f"token {ben.token()}"}
    for path in ("envs/api/v1/environments", "api/kernels", f"api/kernels/{kernel}/channels", "api/contents"):
        assert ben.get(f"user/{anna.user}/{path}").status_code == 403, path
        assert requests.get(f"{hub.url}user/{anna.user}/{path}", headers=token, timeout=60).status_code == 403, path
    for path in ("envs/api/v1/changes", "api/kernels"):
        answer = requests.post(f"{hub.url}user/{anna.user}/{path}", headers=token, json={}, timeout=60)
        assert answer.status_code == 403, path

    ben.start_server()
    assert "mine" not in ben.environments()
    if not hub.real_users:
        pytest.skip(missing_for_users())
    found = ben.rest("GET", f"environments/{row['id']}", user_server=True)
    assert found.status_code in (403, 404), found.text
    asked = {"action": "install", "environment": row["id"], "specs": ["plain"]}
    assert ben.rest("POST", "plans", asked, user_server=True).status_code in (403, 404)
    look = f"import os\ntry: print(os.listdir({row['path']!r}))\nexcept OSError as error: print(type(error).__name__)"
    assert ben.execute(ben.start_kernel("python3"), look) == "PermissionError\n"


def test_what_a_kernel_prints_goes_through_a_folder_that_is_its_users_alone(anna: Visitor, kernel: str) -> None:
    ask = "from ipykernel.connect import get_connection_file; print(get_connection_file())"
    info = json.loads(Path(anna.execute(kernel, ask).strip()).read_text(encoding="utf-8"))
    assert info["transport"] == "ipc"
    output = Path(f"{info['ip']}-{info['iopub_port']}")
    assert stat.S_ISSOCK(output.stat().st_mode)
    assert output.parent.stat().st_mode & 0o077 == 0


def test_a_clone_is_the_users_own_and_outlives_the_server(hub: RunningHub, admin: Visitor, ben: Visitor) -> None:
    admin.publish("course", {"name": "environment.yml", "text": "dependencies: [interpreter::python, tool=1.0]\n"})
    assert admin.published("course", 1)["published"]
    ben.start_server()
    course = ben.environments()["course"]
    asked = {"action": "install", "environment": course["id"], "specs": ["more"]}
    refused = ben.rest("POST", "plans", asked, user_server=True)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "env.shared")

    assert ben.change(action="clone", name="own", clone_from=course["id"])["state"] == "done"
    own = ben.environments()["own"]
    assert ben.change(action="install", environment=own["id"], specs=["more"])["state"] == "done"
    added = Path(own["path"], "share/more.txt")
    assert added.read_text() == "more"
    assert added.owner() == (ben.user if hub.real_users else getpass.getuser())

    ben.stop_server()
    ben.start_server()
    ask = "import sys, tool; print(sys.prefix, tool.version)"
    assert ben.execute(ben.start_kernel("envs-own"), ask).split() == [own["path"], "1.0"]
    assert not Path(course["path"], "share/more.txt").exists()
