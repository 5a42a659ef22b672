"""The Hub of compose.yaml: users' servers are containers that see the shared root without being able to write it."""

import os
from pathlib import Path

from jupyter_envs.hub import configure

c = get_config()  # noqa: F821  # traitlets gives it to the file

c.JupyterHub.bind_url = "http://:8000"
c.JupyterHub.hub_ip = "0.0.0.0"  # noqa: S104  # in a network of its own
c.JupyterHub.hub_connect_ip = "hub"
c.JupyterHub.db_url = "sqlite:////srv/jupyterhub/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = "/srv/jupyterhub/cookie_secret"  # noqa: S105  # a path
c.ConfigurableHTTPProxy.pid_file = "/run/jupyterhub/proxy.pid"  # gone with the container's processes
c.JupyterHub.cleanup_servers = False  # users' servers are containers of their own; the next Hub finds them

# One password for all users, and another for those who publish: fit for a try only.
secrets = Path(os.environ.get("HUB_SECRETS", "/run/secrets"))
publishers = set(os.environ.get("HUB_PUBLISHERS", "").split())
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = (secrets / "password_of_users").read_text().strip()
c.SharedPasswordAuthenticator.admin_password = (secrets / "password_of_admin").read_text().strip()
c.Authenticator.admin_users = publishers
c.Authenticator.allow_all = True

c.JupyterHub.spawner_class = "dockerspawner.DockerSpawner"
c.DockerSpawner.image = os.environ.get("HUB_IMAGE", "jupyter-envs-hub")
c.DockerSpawner.network_name = "envs-hub"
c.DockerSpawner.remove = True
c.DockerSpawner.volumes = {"home-{username}": "/home/jovyan"}
# The policy is in the image (deploy/policy.yaml), for the Hub and for users. They cannot write it, nor the shared root.
c.DockerSpawner.read_only_volumes = {"envs-shared": "/srv/envs"}
c.Spawner.default_url = "/lab"
# A class that begins at once shares the processors; JupyterHub's own 30 seconds would end before the last has started.
c.Spawner.start_timeout = c.Spawner.http_timeout = 300

configure(
    c,
    shared="/srv/envs",
    admins=publishers,
    url="http://hub:10112",
    listen="0.0.0.0",  # noqa: S104  # users' servers reach it in the network of the containers
)
