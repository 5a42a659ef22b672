"""The variables that scripts see (conda-build's documented ones) and those that they do not: pure.

Nothing of the caller's leaks in but what the recipe names (``script_env``, ``secrets``), proxies when the network is
allowed, and certificates.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from jupyter_envs.build.models import Output, RenderedRecipe
from jupyter_envs.build.places import Places
from jupyter_envs.engine.models.records import PackageRecord

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
_MACHINES = {"64": "x86_64", "32": "i686", "aarch64": "aarch64", "ppc64le": "powerpc64le", "arm64": "arm64"}


def base_environ(places: Places, epoch: int, caller: Mapping[str, str], *, network: bool, cpus: int) -> dict[str, str]:
    """Return the variables of any script, before activation.

    Parameters
    ----------
    places : Places
        The build's folders.
    epoch : int
        ``SOURCE_DATE_EPOCH``, seconds.
    caller : mapping
        The variables of whoever builds.
    network : bool
        Whether proxies are passed on.
    cpus : int
        How many a script may use.
    """
    passed = (*_CERTIFICATES, *_PROXIES) if network else _CERTIFICATES
    return {
        "PATH": SYSTEM_PATH,
        "HOME": places.home,
        "TMPDIR": places.temporary,
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "TERM": "dumb",
        "CPU_COUNT": str(cpus),
        "SHLIB_EXT": ".so",
        "SOURCE_DATE_EPOCH": str(epoch),
        "PYTHONNOUSERSITE": "1",
        "PYTHONHASHSEED": "0",
        "PIP_NO_INPUT": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "GIT_CEILING_DIRECTORIES": places.root,
        **({} if network else {"PIP_NO_INDEX": "1"}),
        **{name: caller[name] for name in passed if caller.get(name)},
    }


def build_environ(
    recipe: RenderedRecipe,
    output: Output,
    places: Places,
    host: Sequence[PackageRecord],
    *,
    build_subdir: str,
) -> dict[str, str]:
    """Return the documented variables of a build script."""
    return {
        "CONDA_BUILD_STATE": "BUILD",
        "BUILD_PREFIX": places.build_prefix,
        "SRC_DIR": places.work,
        "PIP_IGNORE_INSTALLED": "1",
        "PIP_NO_DEPENDENCIES": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip reads it as "no isolation: yes", as in conda-build
        "PIP_CACHE_DIR": f"{places.temporary}/pip",
        **prefix_environ(recipe, output, places.host_prefix, host, build_subdir),
    }


def prefix_environ(
    recipe: RenderedRecipe, output: Output, prefix: str, records: Sequence[PackageRecord], build_subdir: str
) -> dict[str, str]:
    """Return what scripts of builds and of tests have alike: the package and the environment that ``PREFIX`` is."""
    return {
        "CONDA_BUILD": "1",
        "PREFIX": prefix,
        "RECIPE_DIR": recipe.folder,
        "PKG_CONFIG_PATH": f"{prefix}/lib/pkgconfig",
        "CMAKE_GENERATOR": "Unix Makefiles",
        "CMAKE_PREFIX_PATH": prefix,
        **package_environ(output),
        **platform_environ(output, build_subdir),
        **python_environ(prefix, records),
        **{key: value for key, value in output.variant.items() if key.isidentifier()},
    }


def package_environ(output: Output) -> dict[str, str]:
    """Return what names the package."""
    return {
        "PKG_NAME": output.name,
        "PKG_VERSION": output.version,
        "PKG_BUILDNUM": str(output.build_number),
        "PKG_BUILD_STRING": output.build_string,
        "PKG_HASH": output.hash,
    }


def platform_environ(output: Output, build_subdir: str) -> dict[str, str]:
    """Return what names the platform; noarch packages are built for the machine that builds."""
    subdir = build_subdir if output.any_platform else output.subdir
    arch = subdir.partition("-")[2]
    machine = _MACHINES.get(arch, arch)
    return {
        "SUBDIR": subdir,
        "ARCH": arch,
        "target_platform": subdir,
        "host_platform": subdir,
        "build_platform": build_subdir,
        "BUILD": f"{machine}-conda-linux-gnu",
        "HOST": f"{machine}-conda-linux-gnu",
        "CONDA_BUILD_CROSS_COMPILATION": "" if subdir == build_subdir else "1",
    }


def python_environ(prefix: str, records: Sequence[PackageRecord]) -> dict[str, str]:
    """Return what names the Python of an environment, and numpy and others when they are there."""
    versions = {record.name: record.version for record in records}
    found: dict[str, str] = {}
    if "python" in versions:
        short = ".".join(versions["python"].split(".")[:2])
        library = f"{prefix}/lib/python{short}"
        found |= {
            "PYTHON": f"{prefix}/bin/python",
            "PY_VER": short,
            "PY3K": "1",
            "CONDA_PY": short.replace(".", ""),
            "STDLIB_DIR": library,
            "SP_DIR": f"{library}/site-packages",
        }
    if "numpy" in versions:
        short = ".".join(versions["numpy"].split(".")[:2])
        found |= {"NPY_VER": short, "CONDA_NPY": short.replace(".", ""), "NPY_DISTUTILS_APPEND_FLAGS": "1"}
    for name, variable in (("perl", "PERL_VER"), ("r-base", "R_VER"), ("lua", "LUA_VER")):
        if name in versions:
            found[variable] = versions[name]
    if "r-base" in versions:
        found["R"] = f"{prefix}/bin/R"
    return found


def compiler_environ(tools: Mapping[str, str], places: Places, dist: str) -> dict[str, str]:
    """Return what makes compilers of this machine look into the host prefix and leave no path of ours behind.

    ``-ffile-prefix-map`` keeps the work directory out of debug information. ``tools`` maps ``CC`` and its like to
    absolute paths.
    """
    prefix = places.host_prefix
    maps = f"-ffile-prefix-map={places.work}=/usr/local/src/conda/{dist}"
    flags = f"-O2 -pipe -fPIC {maps} -isystem {prefix}/include"
    link = f"-L{prefix}/lib -Wl,-rpath,{prefix}/lib -Wl,-O2 -Wl,--as-needed"
    return {
        **tools,
        "CFLAGS": flags,
        "CXXFLAGS": flags,
        "FFLAGS": flags,
        "CPPFLAGS": f"-isystem {prefix}/include",
        "LDFLAGS": link,
    }


def activated(
    base: Mapping[str, str], host: Mapping[str, str], build: Mapping[str, str], places: Places
) -> dict[str, str]:
    """Return host's and build's activated variables as one; on PATH build comes first, then host, then the system."""
    path = f"{places.build_prefix}/bin:{places.host_prefix}/bin:{base['PATH']}"
    return {**host, **build, "PATH": path}
