"""Read ``Settings`` from arguments, environment variables and ``.condarc`` files, in this order of precedence.

Owns which files conda would read and which of their keys mean something here. Refuses a file that is not a mapping of
settings, naming file and line. Writes nothing and creates no folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from jupyter_envs.errors import SpecError
from jupyter_envs.policy_load import find_policy_file
from jupyter_envs.settings import SOURCES, Settings, default_root

SUFFIXES = (".yml", ".yaml")
TRUE_WORDS = {"1", "true", "yes", "on", "y"}
FALSE_WORDS = {"0", "false", "no", "off", "n", ""}


def load_settings(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Return the settings that apply in an environment of variables.

    Parameters
    ----------
    environ : Mapping, optional
        The variables; this process's own when left out.
    **overrides
        Fields of ``Settings`` that win over everything; ``None`` means not given.

    Raises
    ------
    SpecError
        A ``.condarc`` that is not YAML, a value of the wrong kind, an unknown source.
    """
    environ = os.environ if environ is None else environ
    condarc = merge_condarc([(path, read_condarc(path)) for path in condarc_files(environ)])
    values = {**from_condarc(condarc), **from_environ(environ)}
    root = str(overrides.pop("root", None) or default_root(environ))
    values["root"] = root
    values["envs_directories"] = _first(os.path.join(root, "envs"), _envs_dirs(condarc, environ))
    values["package_directories"] = _first(os.path.join(root, "pkgs"), _pkgs_dirs(condarc, environ))
    values["shared_directories"] = tuple(_paths(environ.get("JUPYTER_ENVS_SHARED", "").split(os.pathsep), environ))
    values["policy_file"] = find_policy_file(environ)
    values.update({key: value for key, value in overrides.items() if value is not None})
    return _with_shared_packages(_checked(values))


def _with_shared_packages(settings: Settings) -> Settings:
    """Return settings whose lowest layers of packages are those of the shared directories."""
    shared = [os.path.join(directory, "pkgs") for directory in settings.shared_directories]
    layers = tuple(dict.fromkeys([*settings.package_directories, *shared]))
    return msgspec.structs.replace(settings, package_directories=layers)


def condarc_files(environ: Mapping[str, str]) -> list[Path]:
    """Return the existing ``.condarc`` files, least important first (conda's search path).

    Machine, ``$CONDA_ROOT``, home (``~/.config/conda``, ``~/.conda``, ``~/.condarc``), ``$CONDA_PREFIX``, ``$CONDARC``.
    A ``condarc.d`` folder stands for its YAML files in alphabetical order.
    """
    places: list[Path] = [Path("/etc/conda"), Path("/var/lib/conda")]
    places += [Path(environ[name]) for name in ("CONDA_ROOT",) if environ.get(name)]
    home = environ.get("HOME") or environ.get("USERPROFILE")
    config = environ.get("XDG_CONFIG_HOME") or (home and os.path.join(home, ".config"))
    places += [Path(config) / "conda"] if config else []
    places += [Path(home) / ".conda"] if home else []
    candidates = [candidate for place in places for candidate in _in_folder(place)]
    candidates += [Path(home) / ".condarc"] if home else []
    if environ.get("CONDA_PREFIX"):
        candidates += _in_folder(Path(environ["CONDA_PREFIX"]))
    if environ.get("CONDARC"):
        candidates.append(Path(environ["CONDARC"]).expanduser())
    return [path for candidate in candidates for path in _expand(candidate)]


def read_condarc(path: Path) -> dict[str, Any]:
    """Return the mapping of one file; ``SpecError`` with file and line when it is not one."""
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(
            f"{path} cannot be read: {error}", hint="fix or remove the file", code="spec.condarc"
        ) from error
    try:
        loaded = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or "not YAML"
        raise SpecError(
            f"{where}: {problem}", hint="fix the line; settings are `key: value`", code="spec.condarc"
        ) from None
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise SpecError(
            f"{path}, line 1: not a mapping of settings", hint="settings are `key: value`", code="spec.condarc"
        )
    return {str(key): value for key, value in loaded.items()}


def merge_condarc(files: list[tuple[Path, dict[str, Any]]]) -> dict[str, Any]:
    """Return one mapping: lists of a later file stand before an earlier one's, mappings are merged, values replaced."""
    merged: dict[str, Any] = {}
    for path, settings in files:
        for key, value in settings.items():
            name = ALIASES.get(key, key)
            kind = KEYS.get(name)
            if kind is None or value is None:
                continue
            merged[name] = _combined(merged.get(name), _of_kind(value, kind, f"{path}: {key}"))
    return merged


KEYS: dict[str, type | tuple[type, ...]] = {
    "channels": list,
    "default_channels": list,
    "channel_alias": str,
    "custom_channels": dict,
    "pkgs_dirs": list,
    "envs_dirs": list,
    "proxy_servers": dict,
    "ssl_verify": (bool, str),
    "client_ssl_cert": str,
    "channel_priority": (str, bool),
    "offline": bool,
    "allow_softlinks": bool,
    "always_copy": bool,
    "extra_safety_checks": bool,
    "always_softlink": bool,
}
ALIASES = {"channel": "channels", "verify_ssl": "ssl_verify", "copy": "always_copy", "softlink": "always_softlink"}


def from_condarc(condarc: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of ``Settings`` that a merged ``.condarc`` gives."""
    values: dict[str, Any] = {}
    for key in ("channel_alias", "custom_channels", "offline", "always_copy", "extra_safety_checks"):
        if key in condarc:
            values[key] = condarc[key]
    for key in ("channels", "default_channels"):
        if condarc.get(key):
            values[key] = tuple(condarc[key])
    if "proxy_servers" in condarc:
        values["proxies"] = condarc["proxy_servers"]
    if "ssl_verify" in condarc:
        values["ssl_verify"] = _ssl_verify(condarc["ssl_verify"])
    if "client_ssl_cert" in condarc:
        values["client_cert"] = condarc["client_ssl_cert"]
    if "channel_priority" in condarc:
        values["channel_priority"] = _priority(condarc["channel_priority"])
    if condarc.get("allow_softlinks") or condarc.get("always_softlink"):
        values["allow_softlinks"] = True
    return values


def from_environ(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of ``Settings`` that variables give; ``JUPYTER_ENVS_*`` wins over ``CONDA_*``."""
    values: dict[str, Any] = {}
    for prefix in ("CONDA_", "JUPYTER_ENVS_"):
        for word, (field, read) in VARIABLES.items():
            text = environ.get(prefix + word)
            if text is not None and (text.strip() or read is _flag):
                values[field] = read(text, prefix + word)
    return values


def _flag(text: str, name: str) -> bool:
    word = text.strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise SpecError(f"{name} is neither true nor false: {text!r}", hint="use 1 or 0", code="spec.environ")


def _words(text: str, _name: str) -> tuple[str, ...]:
    return tuple(word for word in text.replace(",", " ").split() if word)


def _text(text: str, _name: str) -> str:
    return text.strip()


def _number(text: str, name: str) -> int:
    if not text.strip().isdigit():
        raise SpecError(f"{name} is not a number: {text!r}", hint="use a whole number", code="spec.environ")
    return int(text)


VARIABLES: dict[str, tuple[str, Any]] = {
    "CHANNELS": ("channels", _words),
    "CHANNEL_ALIAS": ("channel_alias", _text),
    "CHANNEL_PRIORITY": ("channel_priority", lambda text, _name: _priority(text.strip())),
    "OFFLINE": ("offline", _flag),
    "SSL_VERIFY": ("ssl_verify", lambda text, _name: _ssl_verify(text.strip())),
    "CLIENT_SSL_CERT": ("client_cert", _text),
    "ALLOW_SOFTLINKS": ("allow_softlinks", _flag),
    "ALWAYS_COPY": ("always_copy", _flag),
    "EXTRA_SAFETY_CHECKS": ("extra_safety_checks", _flag),
    "SUBDIR": ("subdir", _text),
    "SOURCES": ("sources", _words),
    "EXCLUDE_NEWER": ("exclude_newer", _text),
    "RUN_LINK_SCRIPTS": ("run_link_scripts", _flag),
    "COMPILE_IN_BACKGROUND": ("compile_in_background", _flag),
    "GENERATIONS_KEPT": ("generations_kept", _number),
}


def _ssl_verify(value: bool | str) -> bool | str:
    """Return ``ssl_verify`` as conda means it: ``<true>``, ``truststore`` and paths are allowed."""
    if isinstance(value, bool):
        return value
    word = value.strip().lower()
    if word in TRUE_WORDS | {"truststore", "<true>"}:
        return True
    if word in FALSE_WORDS | {"<false>"}:
        return False
    return str(Path(value).expanduser())


def _priority(value: str | bool) -> str:
    """Return the channel priority; ``true`` is conda's old word for flexible, ``false`` for disabled."""
    if isinstance(value, bool):
        return "flexible" if value else "disabled"
    word = value.lower()
    if word not in ("strict", "flexible", "disabled"):
        raise SpecError(
            f"channel_priority is {value!r}", hint="use strict, flexible or disabled", code="spec.channel_priority"
        )
    return word


def _envs_dirs(condarc: Mapping[str, Any], environ: Mapping[str, str]) -> list[str]:
    given = environ.get("CONDA_ENVS_DIRS") or environ.get("CONDA_ENVS_PATH")
    return _paths(given.split(os.pathsep) if given else condarc.get("envs_dirs", []), environ)


def _pkgs_dirs(condarc: Mapping[str, Any], environ: Mapping[str, str]) -> list[str]:
    given = environ.get("CONDA_PKGS_DIRS")
    return _paths(given.replace(",", os.pathsep).split(os.pathsep) if given else condarc.get("pkgs_dirs", []), environ)


def _paths(texts: list[str], environ: Mapping[str, str]) -> list[str]:
    return [str(Path(_substituted(text, environ)).expanduser().absolute()) for text in texts if text.strip()]


def _substituted(text: str, environ: Mapping[str, str]) -> str:
    """Return the text with ``$NAME`` and ``${NAME}`` of the given variables put in; unknown ones stay."""
    import re

    return re.sub(r"\$(?:\{(\w+)\}|(\w+))", lambda m: environ.get(m[1] or m[2], m[0]), text)


def _first(own: str, others: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([own, *others]))


def _in_folder(folder: Path) -> list[Path]:
    return [folder / ".condarc", folder / "condarc", folder / "condarc.d"]


def _expand(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(child for child in path.iterdir() if child.suffix in SUFFIXES or child.name == ".condarc")
    elif path.is_file():
        yield path


def _combined(earlier: Any, later: Any) -> Any:
    if isinstance(later, list) and isinstance(earlier, list):
        return list(dict.fromkeys([*later, *earlier]))
    if isinstance(later, dict) and isinstance(earlier, dict):
        return {**earlier, **later}
    return later


def _of_kind(value: Any, kind: type | tuple[type, ...], where: str) -> Any:
    if kind is list and isinstance(value, str):
        value = [value]
    if not isinstance(value, kind):
        words = {list: "a list", dict: "a mapping", bool: "true or false", str: "a text"}
        wanted = " or ".join(words[one] for one in (kind if isinstance(kind, tuple) else (kind,)))
        raise SpecError(f"{where} must be {wanted}, not {value!r}", hint="fix the file", code="spec.condarc")
    if isinstance(value, list):
        return [str(item) for item in value]
    return {str(k): str(v) for k, v in value.items() if v is not None} if isinstance(value, dict) else value


def _checked(values: dict[str, Any]) -> Settings:
    """Return the settings; ``SpecError`` when a field is not what it must be."""
    known = set(Settings.__struct_fields__)
    unknown = sorted(set(values) - known)
    if unknown:
        raise SpecError(f"there is no setting {unknown[0]}", hint=f"one of: {', '.join(sorted(known))}")
    wrong = [source for source in values.get("sources", ()) if source not in SOURCES]
    if wrong:
        raise SpecError(
            f"there is no source {wrong[0]!r}", hint=f"sources are {', '.join(SOURCES)}", code="spec.source"
        )
    try:
        return msgspec.convert(values, Settings)
    except msgspec.ValidationError as error:
        raise SpecError(f"a setting has the wrong kind: {error}", hint="check the options given") from None
