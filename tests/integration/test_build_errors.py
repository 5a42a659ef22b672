"""What a recipe or a script can do wrong: a sentence with a hint, and nothing half in the channel."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path

import pytest

from jupyter_envs.errors import BuildError, EnvsError, IntegrityError, PackageTestError, RecipeError
from jupyter_envs.settings import Settings
from support.channel import Channel
from support.http_server import serve
from support.recipes import HELLO_META, build, hello, write_recipe

SIMPLE = 'package: {name: simple, version: "1"}\n'


def refused(settings: Settings, tmp_path: Path, script: str = "", meta: str = SIMPLE, **options: object) -> EnvsError:
    """Build a recipe that must fail; check that nothing of it is in the channel."""
    recipe = write_recipe(tmp_path / "recipe", {"meta.yaml": meta, "build.sh": script or "true\n"})
    with pytest.raises(EnvsError) as caught:
        build(settings, tmp_path / "out", recipe, **options)
    assert caught.value.hint, "says what to do"
    held = [path for path in (tmp_path / "out").rglob("*.conda") if "broken" not in path.parts]
    assert held == [], "nothing half in the channel"
    assert not list((Path(settings.root) / "builds").glob("[!.]*")), "nothing left of the build"
    return caught.value


def archive(path: Path) -> str:
    """Write a source archive and return its sha256."""
    path.with_suffix("").mkdir()
    (path.with_suffix("") / "file.txt").write_text("content\n")
    with tarfile.open(path, "w") as tar:
        tar.add(path.with_suffix(""), arcname="top")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def source(url: str, sha256: str) -> str:
    return f"{SIMPLE}source:\n  url: {url}\n  sha256: {sha256}\n"


def test_an_archive_with_another_digest(settings: Settings, tmp_path: Path) -> None:
    archive(tmp_path / "s.tar")
    error = refused(settings, tmp_path, meta=source((tmp_path / "s.tar").as_uri(), "0" * 64))
    assert isinstance(error, IntegrityError)


def test_the_next_mirror_is_asked(settings: Settings, tmp_path: Path) -> None:
    digest = archive(tmp_path / "s.tar")
    mirrors = f"[{(tmp_path / 'gone.tar').as_uri()}, {(tmp_path / 's.tar').as_uri()}]"
    script = 'mkdir -p "$PREFIX"; cp file.txt "$PREFIX/"\n'
    recipe = write_recipe(tmp_path / "recipe", {"meta.yaml": source(mirrors, digest), "build.sh": script})
    assert build(settings, tmp_path / "out", recipe).packages[0].files == 1


def test_an_archive_that_is_not_there(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with serve(tmp_path / "empty") as server:
        error = refused(settings, tmp_path, meta=source(f"{server.url}/none.tar.gz", "0" * 64))
    assert error.code.startswith("fetch")


@pytest.mark.parametrize(
    ("meta", "code"),
    [
        (f"{SIMPLE}source: {{url: 'http://127.0.0.1/a.tar'}}\n", "recipe.sha256"),
        (f"{SIMPLE}source: {{path: nowhere}}\n", "recipe.source"),
        (f"{SIMPLE}source: {{git_url: ./nowhere, git_rev: main}}\n", "build.git"),
        (f"{SIMPLE}source: {{git_url: ./nowhere}}\n", "recipe.git_rev"),
        (f"{SIMPLE}source: {{git_url: '--upload-pack=touch was-run', git_rev: main}}\n", "build.git"),
        (f"{SIMPLE}source: {{path: build.sh, fn: ../../escaped}}\n", "recipe.source"),
        (f"{SIMPLE}source: {{url: 'http://127.0.0.1/a.tar', sha256: {'../' * 21 + 'x'}}}\n", "recipe.sha256"),
        (f"{SIMPLE}requirements: {{host: [nowhere]}}\n", "solve.unknown"),
        (f"{SIMPLE}requirements: {{run: ['{{{{ pin_compatible(\"zlib\") }}}}']}}\n", "recipe.pin"),
        (f"{SIMPLE}about: {{license_file: NONE}}\n", "build.license"),
        (f"{SIMPLE}build: {{post-link: none.sh}}\n", "build.link_script"),
        ('package: {name: Not A Name, version: "1"}\n', "recipe.name"),
    ],
)
def test_a_recipe_that_names_what_is_not_there(settings: Settings, tmp_path: Path, meta: str, code: str) -> None:
    assert refused(settings, tmp_path, meta=meta).code == code
    assert not [path for path in tmp_path.rglob("*") if path.name in ("was-run", "escaped")]


@pytest.mark.parametrize(
    ("script", "code", "said"),
    [
        ("echo before; ls /nowhere; echo after\n", "build.script", "cannot access"),
        ("kill -9 $$\n", "build.script", "signal 9"),
        ('mkdir -p "$PREFIX"; ln -s /etc/passwd "$PREFIX/a"\n', "build.symlink", "/etc/passwd"),
        ('mkdir -p "$PREFIX/b"; ln -s ../../x "$PREFIX/b/a"\n', "build.symlink", "../../x"),
        ('mkdir -p "$PREFIX"; touch "$PREFIX"/$\'caf\\xe9\'\n', "build.file_name", "not UTF-8"),
        ('mkdir -p "$PREFIX"; mkfifo "$PREFIX/pipe"\n', "build.file_kind", "pipe"),
    ],
)
def test_a_script_that_does_what_it_must_not(
    settings: Settings, tmp_path: Path, script: str, code: str, said: str
) -> None:
    error = refused(settings, tmp_path, script)
    assert isinstance(error, BuildError)
    assert error.code == code
    assert said in error.message


def test_a_file_of_a_host_package_that_is_written_to(settings: Settings, tmp_path: Path, channel: Channel) -> None:
    channel.add("zlib", files={"lib/z.txt": "its own"})
    channel.index()
    meta = f"{SIMPLE}requirements: {{host: [zlib]}}\n"
    channels = (str(channel.folder),)
    error = refused(settings, tmp_path, 'echo mine > "$PREFIX/lib/z.txt"\n', meta, channels=channels)
    assert error.code == "build.collision"
    assert "lib/z.txt (of zlib-1.0-h0_0)" in error.message
    cached = Path(settings.package_directories[0], "zlib-1.0-h0_0/lib/z.txt")
    assert cached.read_text() == "its own", "the package cache is as it was"
    allowed = f"{meta}build: {{always_include_files: [lib/z.txt]}}\n"
    recipe = write_recipe(tmp_path / "second", {"meta.yaml": allowed, "build.sh": 'echo mine > "$PREFIX/lib/z.txt"\n'})
    assert build(settings, tmp_path / "out", recipe, channels=channels).packages[0].files == 1


def test_a_package_that_fails_its_tests_is_kept_outside_of_the_channel(settings: Settings, tmp_path: Path) -> None:
    error = refused(settings, tmp_path, meta=f"{SIMPLE}test: {{commands: ['test -f $PREFIX/nothing']}}\n")
    assert isinstance(error, PackageTestError)
    kept = list((tmp_path / "out/broken").rglob("*.conda"))
    assert [path.name for path in kept] == ["simple-1-hb0f4dca_0.conda"]
    assert str(kept[0]) in error.message
    good = write_recipe(tmp_path / "good", {"meta.yaml": 'package: {name: good, version: "1"}\n'})
    (package,) = build(settings, tmp_path / "out", good).packages
    index = (tmp_path / "out" / package.subdir / "repodata.json").read_text()
    assert "good-1" in index
    assert "simple-1" not in index


def test_a_package_whose_run_requirements_are_nowhere_fails_its_tests(settings: Settings, tmp_path: Path) -> None:
    error = refused(settings, tmp_path, meta=f"{SIMPLE}requirements: {{run: [nowhere]}}\n")
    assert error.code == "build.test_environment"
    assert list((tmp_path / "out/broken").rglob("*.conda"))


def test_recipes_that_need_each_other(settings: Settings, tmp_path: Path) -> None:
    for one, other in (("a", "b"), ("b", "a")):
        text = f'package: {{name: {one}, version: "1"}}\nrequirements: {{host: [{other}]}}\n'
        write_recipe(tmp_path / "recipes" / one, {"meta.yaml": text})
    with pytest.raises(RecipeError, match="a -> b -> a") as caught:
        build(settings, tmp_path / "out", tmp_path / "recipes")
    assert caught.value.code == "recipe.cycle"


def test_a_library_that_nothing_brings_is_an_error_where_the_recipe_says_so(settings: Settings, tmp_path: Path) -> None:
    meta = HELLO_META + "build: {error_overlinking: true}\n"
    script = """mkdir -p "$PREFIX/bin"
$CC -shared -Wl,-soname,libelse.so.1 -o libelse.so -x c greet.c -DPLACE='""'
$CC -o "$PREFIX/bin/hello" main.c -L. -lelse
"""
    recipe = hello(tmp_path / "recipe", meta=meta, build=script)
    with pytest.raises(BuildError, match=r"bin/hello needs libelse\.so\.1") as caught:
        build(settings, tmp_path / "out", recipe)
    assert caught.value.code == "build.overlinking"


@pytest.mark.parametrize("needed", [True, False])
def test_a_library_that_is_required_and_not_needed_is_an_error_where_the_recipe_says_so(
    settings: Settings, tmp_path: Path, needed: bool
) -> None:
    library = (
        'mkdir -p "$PREFIX/lib"\n$CC -shared -Wl,-soname,libelse.so.1 -o "$PREFIX/lib/libelse.so.1" -x c /dev/null\n'
    )
    else_recipe = write_recipe(
        tmp_path / "else",
        {
            "meta.yaml": """package: {name: else, version: "1"}
build: {run_exports: [else]}
requirements: {build: ["{{ compiler('c') }}"]}
""",
            "build.sh": library,
        },
    )
    build(settings, tmp_path / "out", else_recipe)
    meta = """package: {name: user, version: "1"}
build: {error_overdepending: true}
requirements: {build: ["{{ compiler('c') }}"], host: [else]}
"""
    link = '-Wl,--no-as-needed "$PREFIX/lib/libelse.so.1"' if needed else ""
    script = f'mkdir -p "$PREFIX/bin"\necho "int main(){{return 0;}}" > m.c\n$CC -o "$PREFIX/bin/user" m.c {link}\n'
    recipe = write_recipe(tmp_path / "user", {"meta.yaml": meta, "build.sh": script})
    if needed:
        assert build(settings, tmp_path / "out", recipe).packages[0].state == "built"
        return
    with pytest.raises(BuildError, match=r"user-1-.* requires else to run, and no binary of it needs") as caught:
        build(settings, tmp_path / "out", recipe)
    assert caught.value.code == "build.overdepending"


def test_system_compilers_can_be_refused(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="no channel has gcc_linux-64") as caught:
        build(settings, tmp_path / "out", hello(tmp_path / "recipe"), system_compilers=False)
    assert caught.value.code == "build.compiler"


def test_a_noarch_package_with_a_binary(settings: Settings, tmp_path: Path) -> None:
    recipe = hello(tmp_path / "recipe", meta=HELLO_META + "build: {noarch: generic}\n")
    with pytest.raises(BuildError, match="noarch") as caught:
        build(settings, tmp_path / "out", recipe)
    assert caught.value.code == "build.noarch"


def test_another_package_under_the_same_name_is_refused(settings: Settings, tmp_path: Path) -> None:
    script = 'mkdir -p "$PREFIX"; date +%N > "$PREFIX/now"\n'
    recipe = write_recipe(tmp_path / "recipe", {"meta.yaml": SIMPLE, "build.sh": script})
    build(settings, tmp_path / "one", recipe)
    (second,) = build(settings, tmp_path / "two", recipe).packages
    from jupyter_envs.build.channel.folder import FolderChannel
    from jupyter_envs.errors import AlreadyExistsError

    with pytest.raises(AlreadyExistsError, match="other bytes") as caught:
        FolderChannel(tmp_path / "one").publish([(second.subdir, Path(second.path))])
    assert caught.value.code == "exists.package"
