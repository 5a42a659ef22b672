"""``python -m jupyter_envs.hub.service``: the publishing service, started and watched by JupyterHub.

Owns the process: its settings from variables (``JUPYTER_ENVS_SHARED`` and the Hub's own ``JUPYTERHUB_*``), its routes,
its end. Jobs outlive it.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import signal
import sys
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

from jupyterhub.services.auth import HubOAuth, HubOAuthCallbackHandler
from tornado import web
from tornado.httpserver import HTTPServer
from tornado.log import enable_pretty_logging

from jupyter_envs.errors import EnvsError, SpecError, StorageError
from jupyter_envs.hub.configuration import SHARED_VARIABLE
from jupyter_envs.hub.handlers import MAX_BODY_BYTES, ROUTES, NoPageHandler
from jupyter_envs.hub.publisher import Publisher, service_settings
from jupyter_envs.hub.shared_root import SharedRoot
from jupyter_envs.jobs.publishing import SERVICE_DIRECTORY
from jupyter_envs.settings_load import load_settings

HEADERS_TIMEOUT = 30
LOG = logging.getLogger("jupyter_envs.hub")


def make_publisher(environ: Mapping[str, str]) -> Publisher:
    """Return the publisher of the shared root that the variables name.

    Raises
    ------
    SpecError
        They name none, or more than one.
    StorageError
        It cannot be written.
    """
    shared = environ.get(SHARED_VARIABLE, "")
    if not shared or os.pathsep in shared:
        raise SpecError(
            f"{SHARED_VARIABLE} must name the one folder that is published to, not {shared!r}",
            hint="jupyter_envs.hub.configure sets it",
        )
    path = Path(shared).absolute()
    settings = service_settings(load_settings({**environ, "JUPYTER_ENVS_ROOT": str(path / SERVICE_DIRECTORY)}), path)
    try:
        return Publisher(SharedRoot(path), settings, LOG)
    except StorageError as error:
        if not isinstance(error.__cause__, PermissionError):
            raise
        raise StorageError(
            error.message,
            hint=f"the folder has to be made writable for account {os.geteuid()}, as which the Hub runs",
            code=error.code,
        ) from error


def cookie_secret(token: str) -> bytes:
    """Return the key of the service's cookies: of the Hub's token for it, so that logins outlive a restart."""
    return hmac.digest(token.encode(), b"jupyter-envs cookies", "sha256")


def make_application(publisher: Publisher, prefix: str, auth: HubOAuth) -> web.Application:
    """Return the application, below a prefix such as ``/services/envs/``."""
    static = resources.files("jupyter_envs.hub").joinpath("static")
    return web.Application(
        [
            *[(f"{prefix}{pattern}", handler) for pattern, handler in ROUTES],
            (f"{prefix}oauth_callback", HubOAuthCallbackHandler),
            (rf"{prefix}static/(.*)", web.StaticFileHandler, {"path": str(static)}),
        ],
        publisher=publisher,
        prefix=prefix,
        hub_auth=auth,
        cookie_secret=cookie_secret(auth.api_token),
        xsrf_cookies=True,
        default_handler_class=NoPageHandler,
    )


async def serve(environ: Mapping[str, str]) -> None:
    """Serve until a signal to stop. While another service publishes into the same root, this one only tells."""
    publisher = make_publisher(environ)
    publisher.take_turn()
    url = urlsplit(environ["JUPYTERHUB_SERVICE_URL"])
    application = make_application(publisher, environ["JUPYTERHUB_SERVICE_PREFIX"], HubOAuth.instance())
    server = HTTPServer(application, max_body_size=MAX_BODY_BYTES, idle_connection_timeout=HEADERS_TIMEOUT)
    server.listen(url.port or 0, environ.get("JUPYTER_ENVS_LISTEN", url.hostname or "127.0.0.1"))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    begun = asyncio.create_task(publisher.begin())
    begun.add_done_callback(lambda task: stop.set() if not task.cancelled() and task.exception() else None)
    await stop.wait()
    server.stop()
    begun.cancel()
    failed = begun.exception() if begun.done() and not begun.cancelled() else None
    await publisher.close()
    if failed is not None:
        raise failed


def main(environ: Mapping[str, str] | None = None) -> None:
    """Run the service. What it cannot begin without, or go on without, is said in the Hub's log, and ends it."""
    enable_pretty_logging()
    os.umask(0o022)  # users read what it writes
    try:
        asyncio.run(serve(os.environ if environ is None else environ))
    except EnvsError as error:
        LOG.critical("the service ends: %s%s", error.message, f"; {error.hint}" if error.hint else "")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
