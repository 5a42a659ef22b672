"""JupyterHub: environments that an administrator publishes and everybody has as kernels.

``configure`` is for ``jupyterhub_config.py``; ``python -m jupyter_envs.hub.service`` is what it has the Hub run.
"""

from jupyter_envs.hub.configuration import configure

__all__ = ["configure"]
