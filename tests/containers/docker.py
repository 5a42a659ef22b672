"""Docker by its command line, and the deployment of ``deploy/compose`` in containers of one image.

Owns what is made of containers, volumes and a network, and takes it away again. Refuses to begin where a deployment of
that kind is there already: its names are those that an administrator's has.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hub.running import Visitor, answers_at
from support.ports import free_port

REPOSITORY = Path(__file__).resolve().parents[2]
ADMIN = "admin"
PROJECT = "jupyter-envs-check"
PATIENCE = 300.0
OURS = ("envs-hub", "envs-shared", "home-", "jupyter-")
"""What names of the deployment's network, volumes and users' containers begin with."""


class RefusedError(Exception):
    """What is asked for cannot be done here; the text says what is missing or in the way."""


def docker(*words: str | Path) -> str:
    """Run a command of Docker's and return what it printed; ``RefusedError`` with its last words when it fails."""
    if not shutil.which("docker"):
        raise RefusedError("needs Docker, and there is no `docker` on PATH")
    command = ["docker", *map(str, words)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        said = f"{done.stdout}\n{done.stderr}"[-4000:]
        raise RefusedError(f"{' '.join(command)}: exit code {done.returncode}\n{said}")
    return done.stdout.strip()


def compose_command() -> list[str]:
    """Return how compose is called here: the plug-in, else the program of old."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]):
            done = subprocess.run([*command, "version"], capture_output=True, check=False)
            if done.returncode == 0:
                return command
    raise RefusedError("needs Docker Compose: the plug-in `docker compose`, or `docker-compose`")


def in_the_way() -> list[str]:
    """Return the containers, volumes and networks here that have names of the deployment's."""
    names = []
    for kind in (["ps", "--all", "--format", "{{.Names}}"], ["volume", "ls", "--quiet"]):
        names += docker(*kind).splitlines()
    names += docker("network", "ls", "--format", "{{.Name}}").splitlines()
    return sorted(name for name in names if name.startswith(OURS) or name.startswith(PROJECT))


class Deployment:
    """The Hub of ``deploy/compose/compose.yaml`` in a folder of its own, with passwords of its own.

    Parameters
    ----------
    folder : Path
        Where the two files of ``deploy/compose`` are copied to, and the passwords written.
    image : str
        The image of the Hub and of users' servers.
    """

    def __init__(self, folder: Path, image: str) -> None:
        self._compose = compose_command()
        self._folder = folder
        self._passwords: dict[str, str] = {}
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/"
        self._environ = {"HUB_IMAGE": image, "HUB_PORT": str(port)}

    def up(self) -> None:
        """Start it, and wait until the Hub and the service answer."""
        shutil.copytree(REPOSITORY / "deploy" / "compose", self._folder, dirs_exist_ok=True)
        for who in (ADMIN, "users"):
            self._passwords[who] = secrets.token_hex(24)
            path = self._folder / f"password_of_{who}.txt"
            path.write_text(self._passwords[who] + "\n")
            path.chmod(0o600)
        self.compose("up", "--detach")
        self.until(self.answers, "the Hub and the service answer")

    def replace_image(self, image: str) -> None:
        """Have another image for the Hub, and for the servers that users start from now on."""
        self._environ["HUB_IMAGE"] = image
        self.compose("up", "--detach")
        self.until(self.answers, "the Hub and the service of the other image answer")

    def down(self) -> None:
        """Remove it with all that users have: containers, volumes, the network."""
        listed = docker("ps", "--all", "--format", "{{.Names}}").splitlines()
        users = [name for name in listed if name.startswith("jupyter-") and not name.startswith(PROJECT)]
        if users:
            docker("rm", "--force", *users)
        self.compose("down", "--volumes")
        homes = [name for name in docker("volume", "ls", "--quiet").splitlines() if name.startswith("home-")]
        if homes:
            docker("volume", "rm", *homes)

    def compose(self, *words: str) -> str:
        """Run a command of compose's on it."""
        command = [*self._compose, "--project-name", PROJECT, "--file", str(self._folder / "compose.yaml"), *words]
        environ = {**os.environ, **self._environ}
        done = subprocess.run(command, env=environ, check=False, capture_output=True, text=True)
        if done.returncode:
            raise RefusedError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr[-4000:]}")
        return done.stdout

    def hub(self) -> str:
        """Return the id of the Hub's container."""
        return self.compose("ps", "--all", "--quiet", "hub").strip()

    def answers(self) -> bool:
        """Tell whether the Hub and the service answer through the proxy."""
        return answers_at(self.url)

    def until(self, moment: Callable[[], Any], what: str) -> Any:
        """Return what ``moment`` does as soon as that is true; fail with the Hub's last words when it never is."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            value = moment()
            if value:
                return value
            time.sleep(0.3)
        raise AssertionError(f"not within {PATIENCE:g} s: {what}\n{self.compose('logs', '--tail', '60', 'hub')}")

    def login(self, user: str) -> Visitor:
        """Return a browser in which a user is logged in to the Hub and to the service."""
        visitor = Visitor(self, user, self._passwords[ADMIN if user == ADMIN else "users"])
        visitor.page()
        return visitor
