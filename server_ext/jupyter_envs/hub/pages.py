"""What the service shows: publications as JSON, and the same as HTML. Reads the shared root, changes nothing."""

from __future__ import annotations

import re
import time
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from jupyter_envs.hub.publisher import Publisher
from jupyter_envs.hub.shared_root import Publication
from jupyter_envs.hub.told import words

PAGE, LIST, REFUSED = "page.html", "list.html", "refused.html"
_BEGINS_SMALL = re.compile(r"[a-z]+ ")


def environments_json(publisher: Publisher, may_publish: bool) -> dict[str, Any]:
    """Return all environments with their generations, the newest first (blocking).

    Without ``may_publish`` only those that are published are told, and not who made them of what. ``waiting_for`` says
    why nothing can be changed now, to those who could.
    """
    shared = publisher.shared
    found = []
    for name in shared.names():
        number = shared.find_published(name)
        publications = shared.publications(name)
        if may_publish or number is not None:
            shown = [publication_json(publisher, one, published=number) for one in publications]
            found.append(
                {
                    "name": name,
                    "published": number,
                    "prefix": str(shared.path / "envs" / name),
                    "generations": shown if may_publish else [],
                    "next": 1 + max((one.number for one in publications), default=0) if may_publish else None,
                }
            )
    waiting_for = publisher.waiting_for if may_publish else ""
    return {"environments": found, "may_publish": may_publish, "waiting_for": waiting_for}


def publication_json(publisher: Publisher, publication: Publication, *, published: int | None) -> dict[str, Any]:
    """Return one generation."""
    event = publisher.progress(publication)
    ready = publication.state == "ready"
    problem = publisher.problem(publication.name, publication.number) if ready else ""
    return {
        "name": publication.name,
        "number": publication.number,
        "state": publication.state,
        "published": ready and publication.number == published,
        "by": publication.by,
        "created_at": publication.created_at,
        "file": publication.file,
        "message": problem or publication.message,
        "hint": "publish it again, from the same file" if problem else publication.hint,
        "progress": None if event is None else {"text": words(event), "done": event.done, "total": event.total},
    }


def render(template: str, **values: object) -> str:
    """Return HTML. Everything that people typed is escaped."""
    return _templates().get_template(template).render(**values)


def sentence(text: str) -> str:
    """Return a message of the engine for a page: those begin small and have no full stop, for the command line.

    >>> sentence("the build was cancelled")
    'The build was cancelled.'
    >>> sentence("environment.yml:2: not YAML")
    'environment.yml:2: not YAML.'
    """
    begun = text[:1].upper() + text[1:] if _BEGINS_SMALL.match(text) else text
    return begun if begun.endswith((".", "?", "!", "…", "`")) else f"{begun}."


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("jupyter_envs.hub"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["sentence"] = sentence
    environment.filters["moment"] = lambda seconds: time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))
    return environment
