"""The description of the routes: complete, served, and true of what the server answers (``api`` checks every reply)."""

from __future__ import annotations

import asyncio
import re
from importlib import resources
from typing import Any, get_args

import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from jupyter_server.serverapp import ServerApp
from schemathesis.checks import CheckFunction
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from jupyter_envs.engine.models.plan import Action, ChangeKind
from jupyter_envs.jobs.models import JobKind, JobState
from jupyter_envs.server.fixes import ACTIONS
from jupyter_envs.server.handlers import ROUTES
from jupyter_envs.server.handlers.about import UnknownHandler
from jupyter_envs.server.handlers.base import ROOT
from support.api import Api, Finish, Make
from support.openapi import VERBS, Description

EXAMPLES = 5


def shape_of(path: str) -> str:
    """Return a path with a star for each variable part, of a route's pattern or of a template."""
    return re.sub(r"\{[a-z]+\}|\([^)]*\)", "*", path.removeprefix(ROOT).replace("\\.", "."))


def test_every_route_and_verb_is_described_and_no_other() -> None:
    routed = {
        (verb.upper(), shape_of(pattern))
        for pattern, handler in ROUTES
        if handler is not UnknownHandler
        for verb in VERBS
        if verb in vars(handler)
    }
    assert {(verb, shape_of(template)) for verb, template in Description().operations()} == routed


def test_each_operation_is_tagged_with_its_resource() -> None:
    description = Description()
    resources = {shape_of(pattern): handler.auth_resource for pattern, handler in ROUTES}
    for verb, template in description.operations():
        (tag,) = description.document["paths"][template][verb.lower()]["tags"]
        assert f"jupyter_envs.{tag}" == resources[shape_of(template)], (verb, template)


def test_words_that_may_come_are_those_of_the_code() -> None:
    schemas = Description().document["components"]["schemas"]
    text = resources.files("jupyter_envs.server").joinpath("event_schemas", "job.yaml").read_text(encoding="utf-8")
    event = yaml.safe_load(text)["properties"]
    for kind in (schemas["Job"]["properties"]["kind"], event["kind"]):
        assert tuple(kind["enum"]) == get_args(JobKind)
    for state in (schemas["Job"]["properties"]["state"], event["state"]):
        assert tuple(state["enum"]) == get_args(JobState)
    assert tuple(schemas["Action"]["enum"]) == get_args(Action)
    assert tuple(schemas["ChangeKind"]["enum"]) == get_args(ChangeKind)
    assert tuple(schemas["Fix"]["properties"]["action"]["enum"]) == ACTIONS


async def test_it_is_served(api: Api) -> None:
    reply = await api("GET", "openapi.yaml")
    assert reply.headers["Content-Type"].startswith("application/yaml")
    assert yaml.safe_load(reply.body) == Description().document


CHECKS: list[CheckFunction] = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def fuzz(operation: Any, generation: GenerationMode, known: dict[str, str], headers: dict[str, str]) -> int:
    """Send generated requests of one operation and hold the answers against the description; return how many."""
    sent = 0
    in_path = {name: value for name, value in known.items() if operation.method == "get" and name in operation.path}
    strategy = operation.as_strategy(generation_mode=generation, path_parameters=in_path or None)

    @hypothesis_settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def send(case: Any) -> None:
        nonlocal sent
        sent += 1
        case.call_and_validate(headers=headers, checks=CHECKS, timeout=60)

    send()
    return sent


async def test_generated_requests_are_answered_as_described(
    jp_serverapp: ServerApp, jp_auth_header: dict[str, str], api: Api, make: Make, finish: Finish
) -> None:
    made = await make("a", "tool")
    plan = await finish(await api("POST", "plans", {"action": "update", "environment": made.id}))
    known = {"environment": made.id, "job": plan["id"], "plan": plan["result"]["plan_id"], "package": "six"}
    known |= {"one": "1", "other": "1"}
    schema = schemathesis.openapi.from_dict(Description().document)
    schema.config.update(base_url=f"http://localhost:{jp_serverapp.port}{jp_serverapp.base_url.rstrip('/')}{ROOT}")
    sent = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        for generation in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if generation is GenerationMode.NEGATIVE and not (operation.body or operation.query):
                continue
            sent += await asyncio.to_thread(fuzz, operation, generation, known, jp_auth_header)
    assert sent > 100
    for job in (await api("GET", "jobs", live=1)).body["jobs"]:
        await finish(await api("DELETE", f"jobs/{job['id']}"))
