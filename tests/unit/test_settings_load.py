"""Settings come from arguments, variables and .condarc files, in this order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_envs.errors import SpecError
from jupyter_envs.settings import SOURCES, default_root
from jupyter_envs.settings_load import condarc_files, load_settings, merge_condarc, read_condarc


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A person's variables: a home and a root, nothing else."""
    (tmp_path / "person").mkdir()
    return {"HOME": str(tmp_path / "person"), "JUPYTER_ENVS_ROOT": str(tmp_path / "root")}


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_nothing_configured(environ: dict[str, str], tmp_path: Path) -> None:
    settings = load_settings(environ)
    assert settings.root == str(tmp_path / "root")
    assert settings.envs_directories == (str(tmp_path / "root/envs"),)
    assert settings.package_directories == (str(tmp_path / "root/pkgs"),)
    assert settings.channels == ("conda-forge",)
    assert settings.sources == SOURCES
    assert settings.channel_priority == "strict"
    assert not settings.offline


def test_the_root_is_the_user_s_data_folder_without_a_variable(tmp_path: Path) -> None:
    root = load_settings({"HOME": str(tmp_path)}).root
    assert root == str(default_root({}))
    assert Path(root).name == "jupyter-envs"


def test_all_keys_of_a_condarc(environ: dict[str, str], tmp_path: Path) -> None:
    write(
        tmp_path / "person/.condarc",
        f"""
channels: [team, conda-forge]
default_channels: [https://host.example/main]
channel_alias: https://alias.example
custom_channels: {{team: https://host.example/conda}}
pkgs_dirs: [{tmp_path}/shared-pkgs]
envs_dirs: [~/envs]
proxy_servers: {{https: "http://proxy.example:3128"}}
ssl_verify: ~/ca.pem
client_ssl_cert: /etc/me.pem
channel_priority: flexible
offline: true
always_softlink: true
always_copy: false
auto_activate_base: false
""",
    )
    settings = load_settings(environ)
    assert settings.channels == ("team", "conda-forge")
    assert settings.default_channels == ("https://host.example/main",)
    assert settings.channel_alias == "https://alias.example"
    assert settings.custom_channels == {"team": "https://host.example/conda"}
    assert settings.package_directories == (str(tmp_path / "root/pkgs"), str(tmp_path / "shared-pkgs"))
    assert settings.envs_directories[0] == str(tmp_path / "root/envs")
    assert len(settings.envs_directories) == 2
    assert settings.proxies == {"https": "http://proxy.example:3128"}
    assert isinstance(settings.ssl_verify, str)
    assert settings.ssl_verify.endswith("/ca.pem")
    assert settings.client_cert == "/etc/me.pem"
    assert settings.channel_priority == "flexible"
    assert settings.offline
    assert settings.allow_softlinks
    assert not settings.always_copy


class TestPrecedence:
    def test_an_argument_beats_a_variable_beats_a_file(self, environ: dict[str, str], tmp_path: Path) -> None:
        write(tmp_path / "person/.condarc", "channels: [file]")
        assert load_settings(environ).channels == ("file",)
        environ["CONDA_CHANNELS"] = "conda-variable,second"
        assert load_settings(environ).channels == ("conda-variable", "second")
        environ["JUPYTER_ENVS_CHANNELS"] = "own-variable"
        assert load_settings(environ).channels == ("own-variable",)
        assert load_settings(environ, channels=("argument",)).channels == ("argument",)

    def test_none_means_not_given(self, environ: dict[str, str]) -> None:
        assert load_settings(environ, channels=None, offline=None).channels == ("conda-forge",)

    def test_later_files_come_first_in_lists(self, environ: dict[str, str], tmp_path: Path) -> None:
        write(tmp_path / "person/.config/conda/condarc", "channels: [low, shared]\ncustom_channels: {a: x, b: x}")
        write(tmp_path / "person/.condarc", "channels: [high, shared]\ncustom_channels: {b: y}")
        settings = load_settings(environ)
        assert settings.channels == ("high", "shared", "low")
        assert settings.custom_channels == {"a": "x", "b": "y"}

    def test_the_search_path(self, environ: dict[str, str], tmp_path: Path) -> None:
        for place in (
            "root-of-conda/.condarc",
            "person/.config/conda/.condarc",
            "person/.config/conda/condarc.d/b.yml",
            "person/.config/conda/condarc.d/a.yaml",
            "person/.config/conda/condarc.d/notes.txt",
            "person/.conda/condarc",
            "person/.condarc",
            "prefix/.condarc",
            "given.yml",
        ):
            write(tmp_path / place, "channels: []")
        environ |= {
            "CONDA_ROOT": str(tmp_path / "root-of-conda"),
            "CONDA_PREFIX": str(tmp_path / "prefix"),
            "CONDARC": str(tmp_path / "given.yml"),
        }
        found = [str(path.relative_to(tmp_path)) for path in condarc_files(environ) if path.is_relative_to(tmp_path)]
        assert found == [
            "root-of-conda/.condarc",
            "person/.config/conda/.condarc",
            "person/.config/conda/condarc.d/a.yaml",
            "person/.config/conda/condarc.d/b.yml",
            "person/.conda/condarc",
            "person/.condarc",
            "prefix/.condarc",
            "given.yml",
        ]

    def test_condarc_may_be_a_folder(self, environ: dict[str, str], tmp_path: Path) -> None:
        write(tmp_path / "many/10.yml", "channels: [one]")
        write(tmp_path / "many/20.yml", "channels: [two]")
        assert load_settings({**environ, "CONDARC": str(tmp_path / "many")}).channels == ("two", "one")


class TestVariables:
    @pytest.mark.parametrize(
        ("name", "value", "field", "expected"),
        [
            ("CONDA_OFFLINE", "true", "offline", True),
            ("JUPYTER_ENVS_OFFLINE", "0", "offline", False),
            ("CONDA_SSL_VERIFY", "false", "ssl_verify", False),
            ("CONDA_CHANNEL_PRIORITY", "disabled", "channel_priority", "disabled"),
            ("CONDA_SUBDIR", "osx-arm64", "subdir", "osx-arm64"),
            ("JUPYTER_ENVS_SOURCES", "pypi interpreter", "sources", ("pypi", "interpreter")),
            ("JUPYTER_ENVS_EXCLUDE_NEWER", "2026-01-01", "exclude_newer", "2026-01-01"),
            ("JUPYTER_ENVS_GENERATIONS_KEPT", "5", "generations_kept", 5),
        ],
    )
    def test_one(self, environ: dict[str, str], name: str, value: str, field: str, expected: object) -> None:
        assert getattr(load_settings({**environ, name: value}), field) == expected

    def test_folders(self, environ: dict[str, str], tmp_path: Path) -> None:
        environ |= {
            "CONDA_PKGS_DIRS": f"{tmp_path}/p1,{tmp_path}/p2",
            "CONDA_ENVS_PATH": f"{tmp_path}/e1:{tmp_path}/e2",
        }
        settings = load_settings(environ)
        assert [Path(path).name for path in settings.package_directories] == ["pkgs", "p1", "p2"]
        assert [Path(path).name for path in settings.envs_directories] == ["envs", "e1", "e2"]

    def test_variables_in_folders(self, environ: dict[str, str], tmp_path: Path) -> None:
        write(tmp_path / "person/.condarc", "pkgs_dirs: ['$SHARE/pkgs', '${SHARE}/more']")
        environ["SHARE"] = "/srv"
        assert load_settings(environ).package_directories[1:] == ("/srv/pkgs", "/srv/more")

    def test_shared_directories_bring_the_lowest_layers_of_packages(self, environ: dict[str, str]) -> None:
        environ["JUPYTER_ENVS_SHARED"] = os.pathsep.join(["/srv/envs", "/srv/more"])
        settings = load_settings(environ)
        assert settings.shared_directories == ("/srv/envs", "/srv/more")
        assert settings.package_directories[1:] == ("/srv/envs/pkgs", "/srv/more/pkgs")
        assert settings.shared_envs_directories == ("/srv/envs/envs", "/srv/more/envs")
        assert load_settings(environ, shared_directories=("/a",)).package_directories[1:] == ("/a/pkgs",)
        assert load_settings({**environ, "JUPYTER_ENVS_SHARED": ""}).shared_directories == ()

    @pytest.mark.parametrize(
        ("name", "value"),
        [("CONDA_OFFLINE", "perhaps"), ("JUPYTER_ENVS_GENERATIONS_KEPT", "many"), ("CONDA_CHANNEL_PRIORITY", "high")],
    )
    def test_nonsense_is_refused(self, environ: dict[str, str], name: str, value: str) -> None:
        with pytest.raises(SpecError):
            load_settings({**environ, name: value})


class TestBrokenFiles:
    def test_yaml_that_is_not_names_file_and_line(self, environ: dict[str, str], tmp_path: Path) -> None:
        path = write(tmp_path / "person/.condarc", "channels:\n  - a\n bad: [\n")
        with pytest.raises(SpecError) as raised:
            load_settings(environ)
        assert f"{path}, line 3" in raised.value.message
        assert raised.value.hint

    @pytest.mark.parametrize("text", ["- a\n- b\n", "just words"])
    def test_something_that_is_no_mapping(self, environ: dict[str, str], tmp_path: Path, text: str) -> None:
        path = write(tmp_path / "person/.condarc", text)
        with pytest.raises(SpecError, match="not a mapping of settings"):
            read_condarc(path)

    def test_a_value_of_the_wrong_kind_names_the_key(self, environ: dict[str, str], tmp_path: Path) -> None:
        path = write(tmp_path / "person/.condarc", "channels: {a: b}")
        with pytest.raises(SpecError, match="channels must be a list") as raised:
            load_settings(environ)
        assert str(path) in raised.value.message

    def test_text_that_is_not_utf_8(self, environ: dict[str, str], tmp_path: Path) -> None:
        (tmp_path / "person/.condarc").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(SpecError, match="cannot be read"):
            load_settings(environ)

    def test_an_empty_file_and_empty_keys_are_nothing(self, environ: dict[str, str], tmp_path: Path) -> None:
        write(tmp_path / "person/.config/conda/condarc", "")
        write(tmp_path / "person/.condarc", "channels:\nproxy_servers:\n")
        assert load_settings(environ).channels == ("conda-forge",)


def test_one_text_is_a_list_of_one_and_old_names_count() -> None:
    merged = merge_condarc([(Path("a"), {"channel": "team", "verify_ssl": False})])
    assert merged == {"channels": ["team"], "ssl_verify": False}


def test_an_unknown_field_or_source_is_refused(environ: dict[str, str]) -> None:
    with pytest.raises(SpecError, match="no setting colour"):
        load_settings(environ, colour="red")
    with pytest.raises(SpecError, match="no source 'apt'"):
        load_settings(environ, sources=("apt",))
    with pytest.raises(SpecError, match="wrong kind"):
        load_settings(environ, offline="yes")
