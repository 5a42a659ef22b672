"""Many users of one Hub at once, who ask over REST with tokens of theirs, as programs do.

Each of them is a thread. They look once a second how far something is: thirty who ask ten times as often take the
processor from the servers that they wait for.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import requests
import websocket

from hub.running import RunningHub

USERS = 30
CROWD = tuple(f"envs-t-{os.getpid()}-{number:02}" for number in range(USERS))
PATIENCE = 600.0  # seconds; thirty servers start on two cores that do other work, too
LOOK_SECONDS = 1.0
FINAL = ("done", "failed", "cancelled", "interrupted")

Value = TypeVar("Value")


class Member:
    """One of the crowd, logged in, without a server yet."""

    def __init__(self, hub: RunningHub, name: str) -> None:
        self.hub = hub
        self.name = name
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"token {hub.login(name).token()}"

    def ask(self, method: str, path: str, body: object = None) -> requests.Response:
        """Ask the Hub, or a server below it, and return what it answers."""
        return self.session.request(method, self.hub.url + path, json=body, timeout=PATIENCE)

    def own(self, method: str, path: str, body: object = None) -> Any:
        """Ask the user's own server, which must not refuse, and return its JSON."""
        answer = self.ask(method, f"user/{self.name}/{path}", body)
        assert answer.ok, f"{self.name}: {path}: {answer.status_code} {answer.text[-2000:]}"
        return answer.json()

    def start_server(self) -> None:
        """Start the user's server, and again when the Hub is busy with others', and wait until it is ready."""

        def accepted() -> bool:
            answer = self.ask("POST", f"hub/api/users/{self.name}/server")
            if answer.status_code == 429:  # the Hub's limit of servers that start at once
                time.sleep(float(answer.headers["Retry-After"]))
                return False
            assert answer.status_code in (201, 202), answer.text
            return True

        def ready() -> bool:
            server = self.ask("GET", f"hub/api/users/{self.name}").json()["servers"].get("")
            assert server is not None, f"the server of {self.name} did not start:\n{self.hub.log()[-5000:]}"
            return bool(server["ready"])

        self.until(accepted, "the Hub starts the server")
        self.until(ready, "the server is ready")

    def stop_server(self) -> None:
        """Stop the user's server, and wait until it has ended."""
        self.ask("DELETE", f"hub/api/users/{self.name}/server")
        self.until(lambda: not self.ask("GET", f"hub/api/users/{self.name}").json()["servers"], "the server has ended")

    def change(self, **request: Any) -> dict[str, Any]:
        """Have the user's server change an environment, and return the job when it has ended."""
        job = self.own("POST", "envs/api/v1/changes", request)["job"]["id"]

        def ended() -> dict[str, Any] | None:
            found: dict[str, Any] = self.own("GET", f"envs/api/v1/jobs/{job}")["job"]
            return found if found["state"] in FINAL else None

        found = self.until(ended, f"{request['action']} has ended")
        assert found is not None
        return found

    def environments(self) -> dict[str, dict[str, Any]]:
        """Return what the user's list of environments shows, by name."""
        return {one["name"]: one for one in self.own("GET", "envs/api/v1/environments")["environments"]}

    def answer_of_kernel(self, kernel: str, code: str) -> str:
        """Start a kernel, have it execute code, and return what it printed.

        A server closes the connection to a kernel that takes it a minute to start; as JupyterLab does, ask again then.
        """
        started = str(self.own("POST", "api/kernels", {"name": kernel})["id"])
        said = self.until(lambda: self._executed(started, code), f"the kernel {kernel} answers")
        assert said is not None
        return said

    def _executed(self, kernel: str, code: str) -> str | None:
        """Return what code printed in a kernel, ``None`` when the connection was closed before it had ended."""
        url = f"{self.hub.url.replace('http', 'ws', 1)}user/{self.name}/api/kernels/{kernel}/channels"
        sent = uuid.uuid4().hex
        header = {"msg_id": sent, "msg_type": "execute_request", "username": "", "session": uuid.uuid4().hex}
        content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        token = {"Authorization": str(self.session.headers["Authorization"])}
        said = ""
        try:
            with contextlib.closing(websocket.create_connection(url, header=token, timeout=PATIENCE)) as channel:
                channel.send(json.dumps(message))
                while True:
                    answer = json.loads(channel.recv())
                    if answer["parent_header"].get("msg_id") != sent:
                        continue
                    assert answer["msg_type"] != "error", answer["content"]
                    if answer["msg_type"] == "stream":
                        said += answer["content"]["text"]
                    if answer["msg_type"] == "status" and answer["content"]["execution_state"] == "idle":
                        return said
        except websocket.WebSocketConnectionClosedException:
            return None

    def until(self, moment: Callable[[], Value], what: str) -> Value:
        """Return what ``moment`` does as soon as that is true."""
        end = time.monotonic() + PATIENCE
        while not (value := moment()):
            assert time.monotonic() < end, f"{self.name}: not within {PATIENCE:g} s: {what}\n{self.hub.log()[-3000:]}"
            time.sleep(LOOK_SECONDS)
        return value


def together(crowd: Sequence[Member], act: Callable[[Member], Value]) -> list[Value]:
    """Have all of a crowd do the same at the same time, and return what it came to, in their order."""
    with ThreadPoolExecutor(len(crowd)) as pool:
        return list(pool.map(act, crowd))
