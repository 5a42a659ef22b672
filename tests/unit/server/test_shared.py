from __future__ import annotations

from jupyter_envs.server.handlers.shared import service_request


def test_without_a_hub_nobody_is_asked() -> None:
    assert service_request({}) is None
    assert service_request({"JUPYTER_ENVS_HUB_SERVICE": "http://hub:1"}) is None


def test_the_service_is_asked_below_the_hubs_base_with_the_servers_token() -> None:
    request = service_request(
        {"JUPYTER_ENVS_HUB_SERVICE": "http://hub:1", "JUPYTERHUB_API_TOKEN": "t", "JUPYTERHUB_BASE_URL": "/base/"}
    )
    assert request is not None
    assert request.url == "http://hub:1/base/services/envs/api/v1/environments"
    assert request.headers["Authorization"] == "token t"
