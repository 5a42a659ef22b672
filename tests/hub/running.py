"""A real JupyterHub with its proxy, started from ``deploy/single-machine``, and browsers that are logged in over HTTP.

Owns the processes. What differs from the file that is deployed stands in ``OVERRIDE``: a password
that is the same for all, and ports of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import psutil
import requests
import websocket

from hub.accounts import make_python_for_users
from jupyter_envs.jobs.store import JobStore
from support.ports import free_port

REPOSITORY = Path(__file__).resolve().parents[2]
CONFIG = REPOSITORY / "deploy" / "single-machine" / "jupyterhub_config.py"
PROXY = REPOSITORY / "node_modules" / ".bin"
PASSWORD = "a-password-for-tests"
PATIENCE = 180.0
STOP_SECONDS = 10.0
# Two processes of a test run may have a Hub each at the same time, and remove the users when they are done.
ADMIN, ANNA, BEN, CLEO = (f"envs-t-{name}-{os.getpid()}" for name in ("admin", "anna", "ben", "cleo"))
SERVICE = "services/envs/"

OVERRIDE = """
c = get_config()
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = {password!r}
c.Authenticator.allow_all = True
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api_port}"
c.JupyterHub.spawner_class = {spawner!r}
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r}
c.Spawner.args.extend(["--allow-root", "--LabApp.expose_app_in_browser=True"])
c.Spawner.environment.update({{"JUPYTER_ENVS_CHANNELS": {channel!r}, "JUPYTER_ENVS_SOURCES": "conda,interpreter"}})
c.LocalProcessSpawner.interrupt_timeout = 1
c.LocalProcessSpawner.term_timeout = 4
c.JupyterHub.cleanup_servers = True
c.JupyterHub.admin_users = {{{admin!r}}}
c.JupyterHub.load_roles.append({{
    "name": "token-of-admin", "scopes": ["tokens!user"], "users": [{admin!r}],
}})


def of_a_crowd(spawner):
    # Of a crowd's ports some would be given to outgoing connections before their servers listen.
    if spawner.user.name in {ports!r}:
        spawner.port = {ports!r}[spawner.user.name]
        spawner.environment = {{**spawner.environment, "JUPYTER_CONFIG_PATH": {light!r}}}


c.Spawner.pre_spawn_hook = of_a_crowd
"""

LIGHT = {
    "ServerApp": {
        "jpserver_extensions": {
            **dict.fromkeys(("jupyterlab", "notebook", "jupyter_lsp", "jupyter_scheduler"), False),
            **dict.fromkeys(("notebook_shim", "jupyter_server_terminals"), False),
        }
    }
}

POLICY = """
policy_version: 1
channels: [{channel}, "http://127.0.0.1:*"]
blocked: [forbidden]
quota: {{environments: 2, disk: 8 MB}}
audit: {audit}
contact: help@example.org
"""


class RunningHub:
    """JupyterHub, its proxy and the service, all below one folder.

    Parameters
    ----------
    folder : Path
        Everything is written here, and below the users' homes.
    channel : str
        The URL of the channel that the service and users take packages from.
    real_users : bool
        Whether users' servers run as Unix users of their own.
    crowd : sequence of str
        Users whose servers start at once.
    light : bool
        Whether servers of the crowd go without JupyterLab.
    """

    def __init__(
        self, folder: Path, channel: str, *, real_users: bool, crowd: Sequence[str] = (), light: bool = True
    ) -> None:
        self.folder = folder
        self.shared = folder / "shared"
        self.log_path = folder / "hub.log"
        self.audit = folder / "audit.jsonl"
        self.port, self.service_port = free_port(), free_port()
        self.real_users = real_users
        self._ports = {name: free_port() for name in crowd}
        self._light = LIGHT if light else {}
        self._channel = channel
        self._python = sys.executable
        self._policy = folder / "policy.yaml"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The proxy, with a slash at the end."""
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Start the Hub and wait until it and the service answer through the proxy."""
        override, light = self.folder / "override.py", self.folder / "light"
        spawner = "jupyterhub.spawner.LocalProcessSpawner" if self.real_users else "simple"
        if self.real_users:
            self._python = make_python_for_users(self.folder)
        override.write_text(
            OVERRIDE.format(
                password=PASSWORD,
                hub_port=free_port(),
                api_port=free_port(),
                spawner=spawner,
                homes=f"{self.folder}/home-{{username}}",
                python=self._python,
                channel=self._channel,
                admin=ADMIN,
                ports=self._ports,
                light=str(light),
            )
        )
        light.mkdir(exist_ok=True)
        (light / "jupyter_server_config.json").write_text(json.dumps(self._light))
        self.shared.mkdir(exist_ok=True, mode=0o755)
        self._policy.write_text(POLICY.format(audit=self.audit, channel=json.dumps(self._channel)), encoding="utf-8")
        self.audit.touch()
        self.audit.chmod(0o666)  # users' own processes write it
        # A shell's background processes ignore SIGINT, by which the Hub ends users' servers.
        command = ["env", "--default-signal=INT", self._python, "-m", "jupyterhub", "-f", str(CONFIG)]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=self._environ(override),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.until(self.answers, "the Hub and the service answer")

    def stop(self) -> None:
        """Stop the Hub, and with it the proxy, the service, its jobs and users' servers."""
        if self._process is None:
            return
        started = []
        for pid in (*self.job_pids(), *family(self._process.pid)[1:]):
            with contextlib.suppress(psutil.NoSuchProcess):
                started.append(psutil.Process(pid))
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        for process in started:  # what has not gone with it; psutil tells a pid that was given anew
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(started, timeout=10)
        self._process = None

    def until(self, moment: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
        """Return what ``moment`` does as soon as that is true; fail with the Hub's last words when it never is."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self._process is not None
            assert self._process.poll() is None, f"the Hub ended:\n{self.log()[-3000:]}"
            value = moment()
            if value:
                return value
            time.sleep(0.1)
        raise AssertionError(f"not within {seconds:g} s: {what}\n{self.log()[-3000:]}")

    def log(self) -> str:
        """Return what the Hub, the proxy and the service have said."""
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def service_pids(self) -> list[int]:
        """Return the processes of this Hub's service."""
        assert self._process is not None
        children = psutil.Process(self._process.pid).children(recursive=True)
        return [child.pid for child in children if "jupyter_envs.hub.service" in words_of(child)]

    def job_pids(self, name: str = "") -> list[int]:
        """Return the processes of builds, or of those of one name, and what they started; they have own sessions."""
        live = JobStore(self.shared / ".service" / "jobs").live()
        asked = [job for job in live if not name or Path(job.prefix).parent.name == name]
        return [pid for job in asked if job.pid for pid in family(job.pid)]

    def login(self, user: str) -> Visitor:
        """Return a browser of its own in which a user is logged in."""
        return Visitor(self, user)

    def answers(self) -> bool:
        """Tell whether the Hub and the service answer through the proxy."""
        return answers_at(self.url)

    def _environ(self, override: Path) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("JUPYTER", "CONDA", "IPYTHON", "XDG_"))
        }
        others = os.defpath if self.real_users else os.environ["PATH"]  # no Python in root's home is offered to users
        home = self.folder / "home"  # the account's own lists of environments are not the tests' to write
        home.mkdir(exist_ok=True, mode=0o700)
        return kept | {
            "HOME": str(home),
            "PATH": os.pathsep.join((str(Path(self._python).parent), str(PROXY), others)),
            "HUB_STATE": str(self.folder),
            "HUB_URL": f"http://127.0.0.1:{self.port}",
            "HUB_SHARED": str(self.shared),
            "HUB_PUBLISHERS": ADMIN,
            "HUB_POLICY": str(self._policy),
            "HUB_SERVICE_URL": f"http://127.0.0.1:{self.service_port}",
            "HUB_MORE_CONFIG": str(override),
            "JUPYTER_ENVS_CHANNELS": self._channel,
            "JUPYTER_ENVS_SOURCES": "conda,pypi,interpreter",
            "JUPYTER_ENVS_COMPILE_IN_BACKGROUND": "0",
        }


def answers_at(url: str) -> bool:
    """Tell whether the Hub and the service answer through the proxy that is at ``url``."""
    try:
        codes = [
            requests.get(url + path, timeout=5).status_code for path in ("hub/api/", f"{SERVICE}api/v1/environments")
        ]
    except requests.RequestException:
        return False
    return codes == [200, 401]


class Place(Protocol):
    """Where a visitor goes: a Hub of the tests, or one in containers."""

    @property
    def url(self) -> str:
        """The proxy, with a slash at the end."""

    def until(self, moment: Callable[[], Any], what: str) -> Any:
        """Return what ``moment`` does as soon as that is true."""


class Visitor:
    """A browser without a screen: cookies, forms, redirects."""

    def __init__(self, hub: Place, user: str, password: str = PASSWORD) -> None:
        self.hub = hub
        self.user = user
        self.session = requests.Session()
        self.get("hub/login")
        form = {"username": user, "password": password, "_xsrf": self.session.cookies.get("_xsrf", path="/hub/")}
        answer = self.session.post(hub.url + "hub/login", data=form, timeout=PATIENCE, allow_redirects=False)
        assert answer.status_code == 302, answer.text[-2000:]

    def get(self, path: str) -> requests.Response:
        """GET below the proxy's address, following redirects."""
        return self.session.get(self.hub.url + path, timeout=PATIENCE)

    def page(self) -> str:
        """Return the service's page; whoever is logged in to the Hub is led through OAuth."""
        answer = self.get(SERVICE)
        assert answer.status_code == 200, answer.text[-2000:]
        return answer.text

    def rest(self, method: str, path: str, body: object = None, *, user_server: bool = False) -> requests.Response:
        """Ask the service's REST (or that of the user's own server) as the page does."""
        base = f"user/{self.user}/envs/api/v1/" if user_server else f"{SERVICE}api/v1/"
        cookie = f"/user/{self.user}/" if user_server else f"/{SERVICE}"
        token = self.session.cookies.get("_xsrf", path=cookie) or ""
        return self.session.request(
            method, self.hub.url + base + path, json=body, headers={"X-XSRFToken": token}, timeout=PATIENCE
        )

    def start_server(self) -> str:
        """Start the user's server, log in to it and return its base path."""
        base = f"user/{self.user}/"
        self.get("hub/home")
        token = self.session.cookies.get("_xsrf", path="/hub/")
        self.session.post(f"{self.hub.url}hub/spawn/{self.user}", params={"_xsrf": token}, timeout=PATIENCE)

        def ready() -> bool:
            answer = self.get(f"{base}lab")
            return answer.status_code == 200 and f"/{base}" in answer.url and "spawn-pending" not in answer.url

        self.hub.until(ready, f"the server of {self.user} answers")
        return base

    def stop_server(self) -> None:
        """Stop the user's server; what it ran goes with it."""
        self.get("hub/home")
        headers = {"X-XSRFToken": self.session.cookies.get("_xsrf", path="/hub/") or ""}
        url = f"{self.hub.url}hub/api/users/{self.user}"
        assert self.session.delete(f"{url}/server", headers=headers, timeout=PATIENCE).status_code in (202, 204)

        def stopped() -> bool:
            return not self.session.get(url, headers=headers, timeout=PATIENCE).json()["servers"]

        self.hub.until(stopped, f"the server of {self.user} has stopped")

    def change(self, **request: Any) -> dict[str, Any]:
        """Have the user's own server change an environment, and return the job when it has ended."""
        answer = self.rest("POST", "changes", request, user_server=True)
        assert answer.status_code == 202, answer.text
        return self.ended(answer.json()["job"]["id"])

    def publish(self, name: str, file: dict[str, str]) -> None:
        """Ask for a generation; it is being built when this returns."""
        answer = self.rest("POST", "environments", {"name": name, "file": file})
        assert answer.status_code == 202, answer.text

    def generations(self, name: str) -> dict[int, dict[str, Any]]:
        """Return the generations of an environment by number."""
        listed = self.rest("GET", "environments").json()["environments"]
        return {one["number"]: one for found in listed if found["name"] == name for one in found["generations"]}

    def published(self, name: str, number: int) -> dict[str, Any]:
        """Return a generation when its build has ended, one way or the other."""

        def ended() -> dict[str, Any] | None:
            one = self.generations(name).get(number)
            settled = one is not None and (one["published"] or one["state"] == "failed")
            return one if settled else None

        found: dict[str, Any] = self.hub.until(ended, f"generation {number} of {name} has ended")
        return found

    def token(self) -> str:
        """Return a token of the Hub that may do what the user may, for programs."""
        self.get("hub/home")
        headers = {"X-XSRFToken": self.session.cookies.get("_xsrf", path="/hub/") or ""}
        answer = self.session.post(f"{self.hub.url}hub/api/users/{self.user}/tokens", headers=headers, timeout=PATIENCE)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])

    def ended(self, job: str) -> dict[str, Any]:
        """Return a job of the user's own server when it has ended."""

        def final() -> dict[str, Any] | None:
            found: dict[str, Any] = self.rest("GET", f"jobs/{job}", user_server=True).json()["job"]
            return found if found["state"] in ("done", "failed", "cancelled", "interrupted") else None

        found: dict[str, Any] = self.hub.until(final, f"job {job} has ended")
        return found

    def environments(self) -> dict[str, dict[str, Any]]:
        """Return what the list of the user's own server shows, by name."""
        listed = self.rest("GET", "environments", user_server=True).json()["environments"]
        return {one["name"]: one for one in listed}

    def delete(self, *names: str) -> None:
        """Delete environments of the user's, as far as they are there."""
        found = self.environments()
        for name in names:
            if name in found:
                answer = self.rest("DELETE", f"environments/{found[name]['id']}", user_server=True)
                assert self.ended(answer.json()["job"]["id"])["state"] == "done"

    def write(self, path: str, notebook: Mapping[str, Any]) -> None:
        """Write a notebook into the user's folder, as JupyterLab saves it."""
        token = self.session.cookies.get("_xsrf", path=f"/user/{self.user}/") or ""
        url = f"{self.hub.url}user/{self.user}/api/contents/{path}"
        body = {"type": "notebook", "format": "json", "content": notebook}
        answer = self.session.put(url, json=body, headers={"X-XSRFToken": token}, timeout=PATIENCE)
        assert answer.status_code in (200, 201), answer.text

    def start_kernel(self, name: str) -> str:
        """Start a kernel on the user's server and return its id."""
        token = self.session.cookies.get("_xsrf", path=f"/user/{self.user}/") or ""
        url = f"{self.hub.url}user/{self.user}/api/kernels"
        answer = self.session.post(url, json={"name": name}, headers={"X-XSRFToken": token}, timeout=PATIENCE)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def execute(self, kernel: str, code: str) -> str:
        """Execute code in a kernel, as a notebook does, and return what it printed.

        A server closes the connection to a kernel that takes it a minute to start; as JupyterLab does, ask again then.
        """
        (said,) = self.hub.until(lambda: self._executed(kernel, code), f"the kernel {kernel} answers")
        return str(said)

    def _executed(self, kernel: str, code: str) -> tuple[str] | None:
        """Return what code printed in a kernel, ``None`` when the connection was closed before it had ended."""
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.session.cookies)
        url = f"{self.hub.url.replace('http', 'ws', 1)}user/{self.user}/api/kernels/{kernel}/channels"
        channel = websocket.create_connection(url, cookie=cookies, timeout=PATIENCE)
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": "execute_request",
            "username": "",
            "session": uuid.uuid4().hex,
        }
        content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        said = ""
        try:
            channel.send(json.dumps(message))
            while True:
                answer = json.loads(channel.recv())
                if answer["parent_header"].get("msg_id") != header["msg_id"]:
                    continue
                if answer["msg_type"] == "stream":
                    said += answer["content"]["text"]
                assert answer["msg_type"] != "error", answer["content"]
                if answer["msg_type"] == "status" and answer["content"]["execution_state"] == "idle":
                    return (said,)
        except websocket.WebSocketConnectionClosedException:
            return None
        finally:
            channel.close()


def family(pid: int) -> list[int]:
    """Return a process and what it started, empty when it has gone."""
    try:
        process = psutil.Process(pid)
        return [pid, *(child.pid for child in process.children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def words_of(process: psutil.Process) -> list[str]:
    """Return a process's command, empty when it has just ended."""
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []
