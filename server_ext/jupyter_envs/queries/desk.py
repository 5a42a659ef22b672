"""What the verbs work with: settings, an engine for reading, the sources that stay open. One per child."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.history.generations import find_latest
from jupyter_envs.queries.catalogue import Catalogue
from jupyter_envs.queries.projects import Projects
from jupyter_envs.settings import Settings


class Desk:
    """Shared by all questions.

    Parameters
    ----------
    settings : Settings
        Where things are and what may be asked.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.catalogue = Catalogue(settings)
        self.projects = Projects(settings)

    @cached_property
    def engine(self) -> Engine:
        """An engine that only reads."""
        return Engine(self.settings)

    def places(self, environment: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the channels and the sources of an environment (a path), or those of the settings."""
        latest = find_latest(Path(environment)) if environment else None
        channels = latest.channels if latest and latest.channels else self.settings.channels
        sources = latest.sources if latest and latest.sources else self.settings.sources
        return channels if "conda" in sources else (), sources
