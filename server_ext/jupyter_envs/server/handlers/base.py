"""What every route has in common: bodies, queries, answers, and errors as JSON.

Each verb of each class is decorated with ``authenticated`` and ``authorized`` where it is defined: ``authorized``
keeps the first class's ``auth_resource`` for all that inherit a verb.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import msgspec
from jupyter_server.base.handlers import APIHandler
from tornado import web

from jupyter_envs.errors import EnvsError, SpecError
from jupyter_envs.jobs.models import Job
from jupyter_envs.server.services import Services
from jupyter_envs.server.wire.jobs import job_json
from jupyter_envs.statuses import INTERNAL, status_of

ROOT = "/envs/api/v1"
SERVICES = "jupyter_envs_services"

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Shape = TypeVar("Shape")


class EnvsHandler(APIHandler):
    """A route of ours."""

    @property
    def services(self) -> Services:
        """What the extension put into the application's settings."""
        services: Services = self.settings[SERVICES]
        return services

    async def run(
        self,
        function: Callable[Concatenate[Services, Arguments], Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Call a blocking function with the services, off the loop."""
        return await self.services.run(function, self.services, *args, **kwargs)

    async def ask(self, verb: str, **arguments: Any) -> Any:
        """Ask the queries' child."""
        return await self.services.queries.ask(verb, **arguments)

    async def prefix(self, identifier: str) -> str:
        """Return the path of an environment that is there; ``NotFoundError`` for any other."""
        return str(await self.run(find, identifier))

    # -- what is asked

    def body(self, shape: type[Shape]) -> Shape:
        """Return the body as a value; ``SpecError`` when it is not JSON or not of that shape."""
        try:
            return msgspec.json.decode(self.request.body or b"{}", type=shape)
        except msgspec.ValidationError as error:
            raise SpecError(f"the request is not understood: {error}", hint=OPENAPI_HINT, code="spec.body") from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise SpecError(f"the request is not JSON: {error}", hint=OPENAPI_HINT, code="spec.json") from None

    def text_argument(self, name: str, default: str = "") -> str:
        """Return a text from the query."""
        return str(self.get_query_argument(name, default))

    def number_argument(self, name: str, default: int, *, most: int = 2**53) -> int:
        """Return a number that is not negative from the query, at most ``most``."""
        text = self.text_argument(name)
        if text and not (text.isascii() and text.isdigit()):
            raise SpecError(f"{name} is not a number: {text!r}", hint=OPENAPI_HINT, code="spec.query")
        return min(int(text), most) if text else default

    def flag_argument(self, name: str) -> bool:
        """Return a truth from the query."""
        text = self.text_argument(name).lower()
        if text not in ("", "0", "1", "false", "true"):
            raise SpecError(f"{name} is neither true nor false: {text!r}", hint=OPENAPI_HINT, code="spec.query")
        return text in ("1", "true")

    # -- what is answered

    def answer(self, value: dict[str, Any], status: int = HTTPStatus.OK) -> None:
        """Send JSON."""
        self.set_status(status)
        self.finish(msgspec.json.encode(value))

    def answer_job(self, job: Job) -> None:
        """Say that a change was taken on, and where to ask about it."""
        self.set_header("Location", f"{self.base_url.rstrip('/')}{ROOT}/jobs/{job.id}")
        self.answer({"job": job_json(job, self.services.new_directory)}, HTTPStatus.ACCEPTED)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Send an error as a sentence, a hint and a code."""
        error = (kwargs.get("exc_info") or (None, None))[1]
        if isinstance(error, EnvsError):
            status_code = status_of(error)
        self.answer({"error": problem_of(error, status_code)}, status_code)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log what a person was told as a line, and what is our fault as a traceback."""
        if isinstance(value, EnvsError) and status_of(value) != INTERNAL:
            self.log.info("%s %s: %s", self.request.method, self.request.path, value.message)
        else:
            super().log_exception(typ, value, tb)


def find(services: Services, identifier: str) -> Path:
    """Return the prefix of an id (blocking)."""
    return services.reading.find(identifier)


OPENAPI_HINT = f"{ROOT.removeprefix('/')}/openapi.yaml describes what can be sent"


def problem_of(error: BaseException | None, status: int) -> dict[str, object]:
    """Return the JSON of an error. Pure; nothing of an unforeseen one but its kind is told."""
    if isinstance(error, EnvsError):
        return error.to_dict()
    phrase = HTTPStatus(status).phrase
    if isinstance(error, web.HTTPError):
        message = error.log_message % error.args if error.log_message else error.reason or phrase
        return {"code": f"http.{status}", "message": message, "hint": HINTS.get(status, ""), "detail": {}}
    kind = type(error).__name__ if error is not None else phrase
    hint = "this is a fault of jupyter-envs; the server's log shows where it happened"
    return {"code": "internal", "message": f"The server failed: {kind}", "hint": hint, "detail": {}}


HINTS = {
    403: "log in again, or open Jupyter with its current token",
    404: OPENAPI_HINT,
    405: OPENAPI_HINT,
}
