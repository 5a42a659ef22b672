"""The routes, all below ``/envs/api/v1``: one module per resource, a few lines per verb.

``ROUTES`` is what the extension adds to the server; tests walk it.
"""

from __future__ import annotations

from jupyter_envs.server.handlers import (
    about,
    builds,
    catalogue,
    disk,
    environments,
    generations,
    health,
    jobs,
    kernels,
    notebooks,
    packages,
    plans,
    policy,
    shared,
)
from jupyter_envs.server.handlers.base import ROOT, EnvsHandler
from jupyter_envs.server.identifiers import PATTERN

ENVIRONMENT = rf"{ROOT}/environments/({PATTERN})"
NAME = r"([^/]+)"
JOB = rf"{ROOT}/jobs/([0-9a-f-]+)"
PLAN = rf"{ROOT}/plans/([A-Za-z0-9][A-Za-z0-9._-]*)"

ROUTES: list[tuple[str, type[EnvsHandler]]] = [
    (rf"{ROOT}/about", about.AboutHandler),
    (rf"{ROOT}/openapi\.yaml", about.OpenApiHandler),
    (rf"{ROOT}/environments", environments.EnvironmentsHandler),
    (ENVIRONMENT, environments.EnvironmentHandler),
    (rf"{ENVIRONMENT}/packages", packages.PackagesHandler),
    (rf"{ENVIRONMENT}/packages/{NAME}/why", packages.WhyHandler),
    (rf"{ENVIRONMENT}/updates", packages.UpdatesHandler),
    (rf"{ENVIRONMENT}/generations", generations.GenerationsHandler),
    (rf"{ENVIRONMENT}/generations/(\d+)/compare/(\d+)", generations.CompareHandler),
    (rf"{ENVIRONMENT}/stale-modules", generations.StaleModulesHandler),
    (rf"{ENVIRONMENT}/verify", health.VerifyHandler),
    (rf"{ENVIRONMENT}/doctor", health.DoctorHandler),
    (rf"{ENVIRONMENT}/fix", health.FixHandler),
    (rf"{ENVIRONMENT}/disk", disk.UsageHandler),
    (rf"{ENVIRONMENT}/export", catalogue.ExportHandler),
    (rf"{ENVIRONMENT}/kernels", kernels.KernelsHandler),
    (rf"{ROOT}/packages/{NAME}", packages.PackageHandler),
    (rf"{ROOT}/search", catalogue.SearchHandler),
    (rf"{ROOT}/sources", catalogue.SourcesHandler),
    (rf"{ROOT}/modules/{NAME}", catalogue.ModuleHandler),
    (rf"{ROOT}/exchange/parse", catalogue.ParseHandler),
    (rf"{ROOT}/notebooks/answer", notebooks.AnswerHandler),
    (rf"{ROOT}/notebooks/plans", notebooks.NotebookPlansHandler),
    (rf"{ROOT}/notebooks/difference", notebooks.DifferenceHandler),
    (rf"{ROOT}/notebooks/lock", notebooks.LockHandler),
    (rf"{ROOT}/recipes", builds.RecipesHandler),
    (rf"{ROOT}/builds", builds.BuildsHandler),
    (rf"{ROOT}/plans", plans.PlansHandler),
    (PLAN, plans.PlanHandler),
    (rf"{PLAN}/execute", plans.ExecuteHandler),
    (rf"{ROOT}/changes", plans.ChangesHandler),
    (rf"{ROOT}/jobs", jobs.JobsHandler),
    (JOB, jobs.JobHandler),
    (rf"{JOB}/events", jobs.JobEventsHandler),
    (rf"{JOB}/log", jobs.JobLogHandler),
    (rf"{ROOT}/disk", disk.DiskHandler),
    (rf"{ROOT}/clean", disk.CleanHandler),
    (rf"{ROOT}/doctor", health.DoctorOfAllHandler),
    (rf"{ROOT}/policy", policy.PolicyHandler),
    (rf"{ROOT}/shared", shared.SharedHandler),
    (rf"{ROOT}/.*", about.UnknownHandler),
]
