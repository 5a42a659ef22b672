"""The routes of the publishing service: who may, what was asked, what is answered. A few lines per verb.

The page logs in through the Hub; REST takes a token (``Authorization: token …``), and a browser that is logged in.
Whoever lacks the scope gets 403, a bad token 401; neither is sent to a login.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from jupyterhub.services.auth import HubOAuthenticated
from tornado import web

from jupyter_envs.errors import EnvsError, SpecError
from jupyter_envs.hub import pages
from jupyter_envs.hub.configuration import PUBLISH, READ
from jupyter_envs.hub.publisher import Publisher
from jupyter_envs.statuses import status_of

MAX_BODY_BYTES = 8 << 20
MAX_FILE_BYTES = MAX_BODY_BYTES // 2  # what the page sends: as JSON, a file's text is longer
NAME = r"([^/]+)"
Shape = TypeVar("Shape")


class FileBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The name and the content of an environment.yml or a lock file."""

    name: str
    text: str


class PublishBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to publish under which name."""

    name: str
    file: FileBody


class SwitchBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which generation to publish."""

    generation: int


class ServiceHandler(HubOAuthenticated, web.RequestHandler):  # type: ignore[misc]  # JupyterHub has no types
    """A route. Subclasses say which scope each verb needs by ``require``."""

    _looked_who = False

    def check_xsrf_cookie(self) -> None:
        """Ask for the page's secret, but of whoever sends a token that counts: no other site's page can do that."""
        if "Authorization" in self.request.headers and not self._looked_who:
            self._looked_who = True  # where the token does not count, the Hub's class asks here again
            _ = self.current_user  # Tornado checks before it looks who asks, and JupyterHub skips only afterwards
        super().check_xsrf_cookie()

    @property
    def publisher(self) -> Publisher:
        """What the application was made with."""
        publisher: Publisher = self.application.settings["publisher"]
        return publisher

    @property
    def scopes(self) -> set[str]:
        """The scopes of whoever asks."""
        user = self.current_user
        return set(user["scopes"]) if user else set()

    def may(self, scope: str) -> bool:
        """Tell whether whoever asks has a scope."""
        return scope in self.scopes

    def require(self, scope: str) -> None:
        """Raise 403 without the scope."""
        if not self.may(scope):
            raise web.HTTPError(HTTPStatus.FORBIDDEN, "this needs the scope %s, which your account has not", scope)

    async def listed(self) -> dict[str, Any]:
        """Return all environments, read in a thread."""
        return await asyncio.get_running_loop().run_in_executor(
            None, pages.environments_json, self.publisher, self.may(PUBLISH)
        )

    async def rendered(self, template: str) -> str:
        """Return HTML for whoever asks."""
        shown = await self.listed()
        around = self.around(self.current_user["name"])
        return pages.render(template, shown=shown, xsrf=self.xsrf_token.decode(), limit=MAX_FILE_BYTES, **around)

    def around(self, user: str) -> dict[str, str]:
        """Return what every page needs: where things are, and who looks, empty where that is not known."""
        hub = self.hub_auth.hub_host + self.hub_auth.hub_prefix
        return {"prefix": self.application.settings["prefix"], "hub": hub, "user": user}

    def set_default_headers(self) -> None:
        """Nothing of other places is loaded, and nobody frames it."""
        self.set_header("Content-Security-Policy", "default-src 'self'; frame-ancestors 'self'; form-action 'self'")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")


def told(status: int, error: object) -> str:
    """Return what a refusal says: its own words, else what the status is called."""
    if isinstance(error, web.HTTPError) and error.log_message:
        return error.log_message % error.args if error.args else error.log_message
    return HTTPStatus(status).phrase


class ApiHandler(ServiceHandler):
    """A route that answers JSON, also when it refuses."""

    def prepare(self) -> Any:
        """Refuse whoever is nobody: a program that is sent to a login page follows it in circles."""
        result = super().prepare()
        if self.current_user is None:
            raise web.HTTPError(HTTPStatus.UNAUTHORIZED, "log in, or send a token of the Hub that may use this service")
        self.require(READ)
        return result

    def get_login_url(self) -> str:
        """Refuse instead of leading to a login."""
        raise web.HTTPError(HTTPStatus.FORBIDDEN, "the token does not give access to this service")

    def body(self, shape: type[Shape]) -> Shape:
        """Return the body as a value; ``SpecError`` when it is not of that shape."""
        try:
            return msgspec.json.decode(self.request.body or b"{}", type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:  # ValidationError among them
            raise SpecError(f"the request is not understood: {error}", hint="docs/hub.md says what is sent") from None

    def answer(self, value: object, status: int = HTTPStatus.OK) -> None:
        """Send JSON."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(msgspec.json.encode(value))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Send an error as a sentence, a hint and a code."""
        error = (kwargs.get("exc_info") or (None, None))[1]
        if isinstance(error, EnvsError):
            self.answer({"error": error.to_dict()}, status_of(error))
            return
        problem = {"code": f"http.{status_code}", "message": told(status_code, error), "hint": "", "detail": {}}
        self.answer({"error": problem}, status_code)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log only what is our fault."""
        if not isinstance(value, EnvsError):
            super().log_exception(typ, value, tb)


class EnvironmentsHandler(ApiHandler):
    """All environments; a new generation of one."""

    async def get(self) -> None:
        """Answer what is published, and what is being built."""
        self.answer(await self.listed())

    async def post(self) -> None:
        """Begin to build and publish."""
        self.require(PUBLISH)
        body = self.body(PublishBody)
        publication = await self.publisher.publish(body.name, body.file.name, body.file.text, self.current_user["name"])
        self.answer(pages.publication_json(self.publisher, publication, published=None), HTTPStatus.ACCEPTED)


class SwitchHandler(ApiHandler):
    """Which generation of an environment users get."""

    async def post(self, name: str) -> None:
        """Publish a generation that is there: roll back, or forward."""
        self.require(PUBLISH)
        await self.publisher.switch(name, self.body(SwitchBody).generation, self.current_user["name"])
        self.answer(await self.listed())


class GenerationHandler(ApiHandler):
    """One generation."""

    async def delete(self, name: str, number: str) -> None:
        """Remove it, or cancel its build."""
        self.require(PUBLISH)
        await self.publisher.remove(name, int(number), self.current_user["name"])
        self.answer(await self.listed())


class LogHandler(ApiHandler):
    """What the build of one generation said."""

    async def get(self, name: str, number: str) -> None:
        """Answer the end of the log, as text."""
        self.require(PUBLISH)
        text = await self.publisher.log(name, int(number))
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(text)


class UnknownHandler(ApiHandler):
    """Everything else below the API."""

    async def get(self) -> None:
        """Answer 404."""
        raise web.HTTPError(HTTPStatus.NOT_FOUND, "there is no such resource")

    post = put = delete = get


class PageHandler(ServiceHandler):
    """The page."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say why there is no page, in one that leads on."""
        error = (kwargs.get("exc_info") or (None, None))[1]
        known = getattr(self, "_current_user", None)  # nobody is asked for here: the Hub may be what has failed
        around = self.around(known["name"] if known else "")
        self.finish(pages.render(pages.REFUSED, message=told(status_code, error), **around))

    @web.authenticated
    async def get(self) -> None:
        """Show what is published; whoever may gets the form and the buttons."""
        self.require(READ)
        self.finish(await self.rendered(pages.PAGE))


class NoPageHandler(PageHandler):
    """Every other address that a browser may be sent to."""

    async def get(self) -> None:
        """Answer 404."""
        raise web.HTTPError(HTTPStatus.NOT_FOUND, "there is nothing at this address")


class ListHandler(ApiHandler):
    """The part of the page that changes. A script asks for it, so nobody is sent to a login."""

    async def get(self) -> None:
        """Show what is published now."""
        self.finish(await self.rendered(pages.LIST))


ROUTES: list[tuple[str, type[web.RequestHandler]]] = [
    ("", PageHandler),
    ("list", ListHandler),
    ("api/v1/environments", EnvironmentsHandler),
    (rf"api/v1/environments/{NAME}/switch", SwitchHandler),
    (rf"api/v1/environments/{NAME}/generations/(\d+)", GenerationHandler),
    (rf"api/v1/environments/{NAME}/generations/(\d+)/log", LogHandler),
    ("api/v1/.*", UnknownHandler),
]
