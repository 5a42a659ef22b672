"""Holds answers against the description of the routes: every reply of a test is what ``openapi.yaml`` says it is."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

import yaml
from jsonschema import Draft202012Validator

VERBS = ("get", "post", "patch", "put", "delete")


class Description:
    """The OpenAPI document of the extension.

    Examples
    --------
    >>> Description().operation("GET", "about")["operationId"]
    'about'
    """

    def __init__(self) -> None:
        text = resources.files("jupyter_envs.server").joinpath("openapi.yaml").read_text(encoding="utf-8")
        self.document: dict[str, Any] = yaml.safe_load(text)
        self._paths = {template: re.compile(_pattern(template)) for template in self.document["paths"]}

    def operations(self) -> set[tuple[str, str]]:
        """Return all verbs (upper case) and path templates."""
        paths = self.document["paths"].items()
        return {(verb.upper(), template) for template, item in paths for verb in item if verb in VERBS}

    def operation(self, verb: str, path: str) -> dict[str, Any] | None:
        """Return the operation of a request, ``None`` when none is described."""
        for template, pattern in self._paths.items():
            if pattern.fullmatch(f"/{path.lstrip('/')}"):
                found: dict[str, Any] | None = self.document["paths"][template].get(verb.lower())
                return found
        return None

    def check(self, verb: str, path: str, status: int, body: object) -> None:
        """Raise when an answer is none that is described for the request."""
        operation = self.operation(verb, path)
        if operation is None:
            assert status in (403, 404, 405), f"{verb} {path} answers {status} and is not described"
            response = {"$ref": "#/components/responses/Error"}
        else:
            described = operation["responses"]
            assert str(status) in described or status >= 400, f"{verb} {path}: {status} is not described"
            response = described.get(str(status), described["default"])
        schema = self._resolved(response).get("content", {}).get("application/json", {}).get("schema")
        if schema is not None:
            # The schema as one of the document's own, so that its references lead into the document.
            Draft202012Validator({**self.document, "allOf": [schema]}).validate(body)

    def _resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        found: Any = node
        while "$ref" in found:
            target = self.document
            for part in found["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            found = target
        return dict(found)


def _pattern(template: str) -> str:
    return re.sub(r"\\\{[a-z]+\\\}", "[^/]+", re.escape(template))
