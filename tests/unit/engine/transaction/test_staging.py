"""From a staged tree to renames: nothing that no package owns is lost, nothing outside the prefix is touched."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from jupyter_envs.engine.transaction.journal import (
    TRANSACTIONS,
    Journal,
    apply,
    clean,
    commit,
    recover,
    take_back,
    write_journal,
)
from jupyter_envs.engine.transaction.staging import StagedChange, compiled_files, stage_operations
from jupyter_envs.errors import LinkError
from support.faults import snapshot_tree


def fill(root: Path, files: Mapping[str, str]) -> None:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    root = tmp_path / "prefix"
    fill(root, {"conda-meta/a-1-0.json": "{}", "lib/a.py": "old", "lib/gone.py": "gone", "lib/mine.txt": "mine"})
    return root


def begin(prefix: Path, files: Mapping[str, str], gone: set[str]) -> tuple[Path, StagedChange, Journal]:
    directory = prefix / TRANSACTIONS / "t1"
    (directory / "old").mkdir(parents=True)
    (directory / "new").mkdir()
    fill(directory / "new", files)
    staged = stage_operations(prefix, directory / "new", gone, stamp="t1")
    return directory, staged, Journal(operations=staged.operations, prune=staged.prune)


def finish(prefix: Path, directory: Path, journal: Journal) -> None:
    write_journal(directory, journal)
    apply(prefix, directory, journal.operations)
    commit(directory)
    clean(prefix, directory, journal)


def test_files_are_replaced_added_and_removed(prefix: Path) -> None:
    directory, _, journal = begin(prefix, {"lib/a.py": "new", "bin/tool": "x"}, {"lib/a.py", "lib/gone.py"})
    finish(prefix, directory, journal)
    assert (prefix / "lib/a.py").read_text() == "new"
    assert (prefix / "bin/tool").read_text() == "x"
    assert not (prefix / "lib/gone.py").exists()
    assert not (prefix / TRANSACTIONS).exists()


def test_a_directory_that_is_not_there_yet_is_one_rename(prefix: Path) -> None:
    _, staged, _ = begin(prefix, {f"lib/pkg/m{number}.py": "" for number in range(20)}, set())
    assert [(operation.kind, operation.path) for operation in staged.operations] == [("place", "lib/pkg")]


def test_taking_back_gives_exactly_the_old_tree(prefix: Path) -> None:
    before = snapshot_tree(prefix)
    directory, _, journal = begin(
        prefix, {"lib/a.py": "new", "lib/mine.txt": "theirs", "new/x": ""}, {"lib/a.py", "lib/gone.py"}
    )
    write_journal(directory, journal)
    apply(prefix, directory, journal.operations)
    assert (prefix / "lib/a.py").read_text() == "new"
    take_back(prefix, directory, journal)
    (prefix / "conda-meta/jupyter-envs").rmdir()
    assert snapshot_tree(prefix) == before


def test_a_file_that_no_package_owns_is_kept_under_a_backup_name(prefix: Path) -> None:
    directory, staged, journal = begin(prefix, {"lib/mine.txt": "theirs"}, set())
    finish(prefix, directory, journal)
    assert (prefix / "lib/mine.txt").read_text() == "theirs"
    assert (prefix / "lib/mine.txt.before-t1").read_text() == "mine"
    assert [warning.code for warning in staged.warnings] == ["link.backup"]


def test_a_directory_of_the_person_gives_way_to_a_file_and_is_kept(prefix: Path) -> None:
    fill(prefix, {"data/mine.csv": "1,2"})
    directory, staged, journal = begin(prefix, {"data": "a file now"}, set())
    finish(prefix, directory, journal)
    assert (prefix / "data").read_text() == "a file now"
    assert (prefix / "data.before-t1/mine.csv").read_text() == "1,2"
    assert staged.warnings[0].code == "link.backup"


def test_a_directory_whose_files_all_go_gives_way_to_a_file_and_comes_back(prefix: Path) -> None:
    fill(prefix, {"share/x/y": "owned"})
    before = snapshot_tree(prefix)
    directory, staged, journal = begin(prefix, {"share": "a file now"}, {"share/x/y"})
    write_journal(directory, journal)
    apply(prefix, directory, journal.operations)
    assert (prefix / "share").read_text() == "a file now"
    assert staged.warnings == ()
    take_back(prefix, directory, journal)
    (prefix / "conda-meta/jupyter-envs").rmdir()
    assert snapshot_tree(prefix) == before


def test_a_file_gives_way_to_a_directory_of_the_same_name(prefix: Path) -> None:
    directory, _, journal = begin(prefix, {"lib/gone.py/inner": "x"}, {"lib/gone.py"})
    finish(prefix, directory, journal)
    assert (prefix / "lib/gone.py/inner").read_text() == "x"


def test_nothing_is_placed_through_a_link_that_leads_out(prefix: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (prefix / "share").symlink_to(outside)
    with pytest.raises(LinkError) as caught:
        begin(prefix, {"share/new.txt": "x"}, set())
    assert caught.value.code == "link.outside"
    assert "link" in caught.value.hint
    assert list(outside.iterdir()) == []


def test_nothing_is_removed_through_a_link_that_leads_out(prefix: Path, tmp_path: Path) -> None:
    fill(tmp_path / "outside", {"precious": "data"})
    (prefix / "share").symlink_to(tmp_path / "outside")
    directory, staged, journal = begin(prefix, {}, {"share/precious"})
    finish(prefix, directory, journal)
    assert (tmp_path / "outside/precious").read_text() == "data"
    assert staged.warnings[0].code == "link.outside"


def test_a_link_inside_the_prefix_is_followed(prefix: Path) -> None:
    (prefix / "lib64").symlink_to("lib")
    directory, _, journal = begin(prefix, {"lib64/b.py": "b"}, {"lib64/gone.py"})
    finish(prefix, directory, journal)
    assert (prefix / "lib/b.py").read_text() == "b"
    assert not (prefix / "lib/gone.py").exists()
    assert (prefix / "lib64").is_symlink()


def test_compiled_files_go_with_their_source(prefix: Path) -> None:
    fill(prefix, {"lib/__pycache__/gone.cpython-311.pyc": "", "lib/__pycache__/gone.cpython-311.opt-1.pyc": ""})
    fill(prefix, {"lib/__pycache__/gone_too.cpython-311.pyc": ""})
    assert sorted(compiled_files(prefix, ["lib/gone.py"])) == [
        "lib/__pycache__/gone.cpython-311.opt-1.pyc",
        "lib/__pycache__/gone.cpython-311.pyc",
    ]


def test_emptied_directories_go_and_others_stay(prefix: Path) -> None:
    fill(prefix, {"deep/er/only": "x", "deep/stays": "y"})
    directory, _, journal = begin(prefix, {"other": ""}, {"deep/er/only"})
    finish(prefix, directory, journal)
    assert not (prefix / "deep/er").exists()
    assert (prefix / "deep/stays").exists()


@pytest.mark.parametrize("steps", range(6))
def test_recovery_undoes_any_number_of_renames(prefix: Path, steps: int) -> None:
    before = snapshot_tree(prefix)
    directory, _, journal = begin(
        prefix, {"lib/a.py": "new", "bin/t": "x", "lib/mine.txt": "y"}, {"lib/a.py", "lib/gone.py"}
    )
    write_journal(directory, journal)
    apply(prefix, directory, journal.operations[:steps])
    assert recover(prefix) == ["undone"]
    (prefix / "conda-meta/jupyter-envs").rmdir()
    assert snapshot_tree(prefix) == before


def test_recovery_finishes_what_was_committed(prefix: Path) -> None:
    directory, _, journal = begin(prefix, {"lib/a.py": "new"}, {"lib/a.py", "lib/gone.py"})
    write_journal(directory, journal)
    apply(prefix, directory, journal.operations)
    commit(directory)
    assert recover(prefix) == ["finished"]
    assert (prefix / "lib/a.py").read_text() == "new"
    assert not (prefix / TRANSACTIONS).exists()
    assert recover(prefix) == []


def test_recovery_discards_what_was_only_staged(prefix: Path) -> None:
    before = snapshot_tree(prefix)
    begin(prefix, {"lib/a.py": "new"}, {"lib/a.py"})
    assert recover(prefix) == ["discarded"]
    (prefix / "conda-meta/jupyter-envs").rmdir()
    assert snapshot_tree(prefix) == before


def test_what_an_nfs_client_holds_of_a_finished_change_stays_without_being_pending(prefix: Path) -> None:
    held = ".nfs0000000000a1b2c300000001"  # a removed file that a kernel still has open
    directory, _, journal = begin(prefix, {"lib/a.py": "new"}, {"lib/a.py", "lib/gone.py"})
    write_journal(directory, journal)
    apply(prefix, directory, journal.operations)
    (directory / "old" / held).write_text("open")
    commit(directory)
    clean(prefix, directory, journal)
    left = directory.with_name(f"{directory.name}.done")
    assert sorted(path.name for path in left.rglob("*")) == [held, "old"]
    assert recover(prefix) == [], "that is no interrupted change"
    assert (left / "old" / held).is_file()
    (left / "old" / held).unlink()  # as the client does when it is closed
    assert recover(prefix) == []
    assert not (prefix / TRANSACTIONS).exists()
