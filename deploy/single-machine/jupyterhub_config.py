"""One machine, its own Unix users, environments for all of them. The tests start JupyterHub with this very file.

    pip install jupyterhub 'jupyter-envs[hub]' && npm install -g configurable-http-proxy
    install -d -m 755 /srv/envs
    install -d -m 700 /srv/jupyterhub                   # the Hub's database and the key of its cookies
    jupyterhub -f jupyterhub_config.py                  # as root

Variables say what differs from machine to machine; what they leave out is the usual.
"""

import os
from pathlib import Path

from jupyter_envs.hub import configure

c = get_config()  # noqa: F821  # traitlets gives it to the file

here = Path(os.environ.get("HUB_STATE", "/srv/jupyterhub"))
# People send their Unix passwords there: only this machine's web server, which speaks HTTPS, reaches it. Without one,
# take HUB_URL=https://:443 and set ``c.JupyterHub.ssl_key`` and ``ssl_cert`` in the second file (below).
c.JupyterHub.bind_url = os.environ.get("HUB_URL", "http://127.0.0.1:8000")
c.JupyterHub.db_url = f"sqlite:///{here}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = str(here / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(here / "proxy.pid")

# Who may log in is left to PAM, which asks for a Unix password.
c.JupyterHub.authenticator_class = "pam"
c.Authenticator.allow_all = True

c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.Spawner.default_url = "/lab"
c.Spawner.notebook_dir = "~"
# A class that begins at once shares the processors: 30 servers take most of a minute on two cores, and JupyterHub would
# give up the last of them after half a minute.
c.Spawner.start_timeout = c.Spawner.http_timeout = 300


def runtime_directory(spawner):
    """Short, since the path of a Unix socket has 107 characters at most."""
    return spawner.user_env({})["HOME"] + "/.run"


# What a kernel prints is no secret on the loopback interface, which all users of a machine share; and of 30 kernels
# that begin at once some would take each other's ports, and not start. So they have Unix sockets, in users' homes.
c.Spawner.args = ["--KernelManager.transport=ipc"]
c.Spawner.environment = {"JUPYTER_RUNTIME_DIR": runtime_directory}

policy = Path(os.environ.get("HUB_POLICY", "/etc/jupyter-envs/policy.yaml"))
configure(
    c,
    shared=os.environ.get("HUB_SHARED", "/srv/envs"),
    policy=policy if policy.exists() else None,
    admins=set(os.environ.get("HUB_PUBLISHERS", "").split()),
    url=os.environ.get("HUB_SERVICE_URL", "http://127.0.0.1:10112"),
)

# A second file may say more: another authenticator, limits, a proxy's address.
more = os.environ.get("HUB_MORE_CONFIG")
if more:
    load_subconfig(more)  # noqa: F821  # traitlets gives it to the file
