"""Downloads: complete and verified or not there at all; interrupted ones go on where they stopped."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from jupyter_envs.engine.fetch.download import Fetcher
from jupyter_envs.engine.fetch.wanted import Download
from jupyter_envs.engine.models.events import CancelToken, Event, NullReporter
from jupyter_envs.errors import CancelledError, FetchError, IntegrityError, OfflineError, StorageError
from jupyter_envs.settings import Settings
from support.faults import Fault, run_forked
from support.http_server import Server, serve

CONTENT = random.Random(1).randbytes(2_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MD5 = hashlib.md5(CONTENT).hexdigest()


class Recorder:
    """Keeps events."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def report(self, event: Event) -> None:
        self.events.append(event)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "served").mkdir()
    (tmp_path / "served/a.conda").write_bytes(CONTENT)
    with serve(tmp_path / "served") as running:
        yield running


@pytest.fixture
def fetcher(settings: Settings) -> Fetcher:
    return Fetcher(settings, NullReporter(), CancelToken())


def download(server: Server, tmp_path: Path, **changes: object) -> Download:
    wanted = Download(
        url=f"{server.url}/a.conda", destination=str(tmp_path / "had/a.conda"), sha256=SHA256, size=len(CONTENT)
    )
    return msgspec.structs.replace(wanted, **changes)


def had(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "had").iterdir())


def test_a_file_arrives_whole_and_alone(server: Server, tmp_path: Path, settings: Settings) -> None:
    recorder = Recorder()
    arrived: list[str] = []
    paths = Fetcher(settings, recorder, CancelToken()).fetch(
        [download(server, tmp_path, label="a")], lambda one, path: arrived.append(path)
    )
    assert paths == arrived == [str(tmp_path / "had/a.conda")]
    assert Path(paths[0]).read_bytes() == CONTENT
    assert had(tmp_path) == ["a.conda"]
    last = recorder.events[-1]
    assert (last.phase, last.text, last.done, last.total) == ("fetch", "a", 1, 1)
    assert last.done_bytes == last.total_bytes == len(CONTENT)


def test_a_file_that_is_there_is_not_fetched_again(server: Server, tmp_path: Path, fetcher: Fetcher) -> None:
    fetcher.fetch([download(server, tmp_path)])
    fetcher.fetch([download(server, tmp_path)])
    assert len(server.asked()) == 1


def test_a_damaged_file_that_is_there_is_replaced(server: Server, tmp_path: Path, fetcher: Fetcher) -> None:
    (tmp_path / "had").mkdir()
    (tmp_path / "had/a.conda").write_bytes(b"other")
    fetcher.fetch([download(server, tmp_path)])
    assert (tmp_path / "had/a.conda").read_bytes() == CONTENT


@pytest.mark.parametrize("fault", ["truncate_at", "reset_at"])
def test_a_broken_connection_is_resumed(server: Server, tmp_path: Path, fetcher: Fetcher, fault: str) -> None:
    server.fault(times=1, **{fault: 700_000})
    fetcher.fetch([download(server, tmp_path)])
    assert (tmp_path / "had/a.conda").read_bytes() == CONTENT
    if fault == "truncate_at":  # after a reset the kernel may have thrown away what had come
        assert "range" in server.asked()[1].headers
        assert "if-range" in server.asked()[1].headers


def test_a_part_of_an_earlier_run_is_resumed(server: Server, tmp_path: Path, fetcher: Fetcher) -> None:
    (tmp_path / "had").mkdir()
    (tmp_path / "had/a.conda.part").write_bytes(CONTENT[:1_500_000])
    fetcher.fetch([download(server, tmp_path)])
    assert (tmp_path / "had/a.conda").read_bytes() == CONTENT
    assert server.asked()[0].headers["range"] == "bytes=1500000-"


@pytest.mark.parametrize("part", [b"x" * 1_500_000, b"x" * (len(CONTENT) + 1), b"x" * len(CONTENT)])
def test_a_part_of_something_else_is_started_over(
    server: Server, tmp_path: Path, fetcher: Fetcher, part: bytes
) -> None:
    (tmp_path / "had").mkdir()
    (tmp_path / "had/a.conda.part").write_bytes(part)
    fetcher.fetch([download(server, tmp_path)])
    assert (tmp_path / "had/a.conda").read_bytes() == CONTENT


def test_a_server_without_ranges(server: Server, tmp_path: Path, fetcher: Fetcher) -> None:
    server.fault(times=1, truncate_at=700_000)
    server.fault(ignore_range=True)
    fetcher.fetch([download(server, tmp_path)])
    assert (tmp_path / "had/a.conda").read_bytes() == CONTENT


def test_a_file_that_changed_meanwhile_is_started_over(server: Server, tmp_path: Path, fetcher: Fetcher) -> None:
    (tmp_path / "had").mkdir()
    (tmp_path / "had/a.conda.part").write_bytes(b"old" * 1000)
    (tmp_path / "had/a.conda.part.etag").write_text('"of the old one"')
    fetcher.fetch([download(server, tmp_path, sha256=None, size=None)])
    assert (tmp_path / "had/a.conda").read_bytes() == CONTENT


def test_a_truncated_download_ends_in_an_error(server: Server, tmp_path: Path, fetcher: Fetcher) -> None:
    (tmp_path / "served/a.conda").write_bytes(CONTENT[:1_000_000])
    with pytest.raises(FetchError) as caught:
        fetcher.fetch([download(server, tmp_path)])
    assert caught.value.code in ("fetch.connection", "integrity.size")
    assert caught.value.hint
    assert not (tmp_path / "had/a.conda").exists()


def test_one_byte_too_many_stops_the_download(server: Server, tmp_path: Path, fetcher: Fetcher) -> None:
    server.fault(without_length=True)
    with pytest.raises(IntegrityError) as caught:
        fetcher.fetch([download(server, tmp_path, size=1000)])
    assert caught.value.code == "integrity.size"
    assert caught.value.detail["expected"] == "1000"
    assert not (tmp_path / "had/a.conda").exists()
    assert (tmp_path / "had/a.conda.part").stat().st_size == 0


@pytest.mark.parametrize("promise", [{"sha256": "0" * 64}, {"sha256": None, "md5": "0" * 32}], ids=["sha256", "md5"])
def test_a_wrong_digest(server: Server, tmp_path: Path, fetcher: Fetcher, promise: dict[str, str | None]) -> None:
    with pytest.raises(IntegrityError) as caught:
        fetcher.fetch([download(server, tmp_path, **promise)])
    error = caught.value
    assert error.code == "integrity.digest"
    assert error.hint == "try again; if it stays, the file on the server or its index entry is wrong"
    assert {error.detail["expected"], error.detail["actual"]} in (
        {"0" * 64, SHA256},
        {"0" * 32, MD5},
    )
    assert not (tmp_path / "had/a.conda").exists()


def test_a_corrupted_download_is_refused(server: Server, tmp_path: Path, fetcher: Fetcher) -> None:
    server.fault(corrupt=True)
    with pytest.raises(IntegrityError, match="sha256"):
        fetcher.fetch([download(server, tmp_path)])


@pytest.mark.parametrize(
    ("status", "code"), [(404, "fetch.not_found"), (403, "fetch.denied"), (401, "fetch.denied"), (418, "fetch.status")]
)
def test_what_a_server_refuses(server: Server, tmp_path: Path, fetcher: Fetcher, status: int, code: str) -> None:
    server.fault(status=status)
    url = server.url.replace("://", "://me:secret@") + "/t/to-ken/a.conda"
    with pytest.raises(FetchError) as caught:
        fetcher.fetch([download(server, tmp_path, url=url)])
    assert caught.value.code == code
    assert caught.value.hint
    shown = f"{caught.value.message} {caught.value.detail}"
    assert "secret" not in shown
    assert "to-ken" not in shown


def test_no_connection(tmp_path: Path, fetcher: Fetcher, server: Server) -> None:
    with pytest.raises(FetchError) as caught:
        fetcher.fetch([download(server, tmp_path, url="ftp://host.example/a.conda")])
    assert caught.value.code == "fetch.connection"
    assert caught.value.hint == "check the connection and the proxy, then try again; what came so far is kept"


def test_offline(server: Server, tmp_path: Path, settings: Settings) -> None:
    fetcher = Fetcher(msgspec.structs.replace(settings, offline=True), NullReporter(), CancelToken())
    with pytest.raises(OfflineError) as caught:
        fetcher.fetch([download(server, tmp_path)])
    assert caught.value.hint == "run the command once without --offline"
    assert server.asked() == []


def test_cancelling_leaves_only_a_part_that_is_resumed(server: Server, tmp_path: Path, settings: Settings) -> None:
    server.fault(times=1, chunk_delay=0.02, chunk_size=100_000)
    cancel = CancelToken()

    class CancelAtHalf:
        def report(self, event: Event) -> None:
            if event.done_bytes > 200_000:
                cancel.cancel()

    with pytest.raises(CancelledError):
        Fetcher(settings, CancelAtHalf(), cancel).fetch([download(server, tmp_path)])
    assert had(tmp_path) == ["a.conda.part", "a.conda.part.etag"]
    came = (tmp_path / "had/a.conda.part").stat().st_size
    assert 0 < came < len(CONTENT)
    Fetcher(settings, NullReporter(), CancelToken()).fetch([download(server, tmp_path)])
    assert server.asked()[-1].headers["range"] == f"bytes={came}-"
    assert had(tmp_path) == ["a.conda"]


def test_several_at_a_time_and_the_first_failure_stops_the_rest(
    server: Server, tmp_path: Path, fetcher: Fetcher
) -> None:
    for number in range(12):
        (tmp_path / f"served/{number}").write_bytes(CONTENT)
    server.fault(latency=0.1)
    wanted = [
        download(server, tmp_path, url=f"{server.url}/{number}", destination=str(tmp_path / f"had/{number}"))
        for number in range(12)
    ]
    assert fetcher.fetch(wanted) == [one.destination for one in wanted]
    assert 1 < server.most_active <= 6
    server.clear()
    missing = download(server, tmp_path, url=f"{server.url}/missing", destination=str(tmp_path / "had/missing"))
    with pytest.raises(FetchError, match="404"):
        fetcher.fetch([missing, *wanted])


def test_two_that_want_the_same_file_take_turns(server: Server, tmp_path: Path, settings: Settings) -> None:
    server.fault(chunk_delay=0.005, chunk_size=100_000)
    fetchers = [Fetcher(settings, NullReporter(), CancelToken()) for _ in range(4)]
    threads = [threading.Thread(target=one.fetch, args=([download(server, tmp_path)],)) for one in fetchers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "had/a.conda").read_bytes() == CONTENT
    assert len(server.asked()) == 1


@pytest.mark.parametrize("form", ["file://{}", "{}"])
def test_local_files_stay_where_they_are_but_are_verified(tmp_path: Path, fetcher: Fetcher, form: str) -> None:
    path = tmp_path / "local.conda"
    path.write_bytes(CONTENT)
    wanted = Download(url=form.format(path), destination=str(tmp_path / "had/a"), sha256=SHA256, size=len(CONTENT))
    assert fetcher.fetch([wanted]) == [str(path)]
    with pytest.raises(IntegrityError) as caught:
        fetcher.fetch([msgspec.structs.replace(wanted, sha256="0" * 64)])
    assert caught.value.code == "integrity.digest"
    with pytest.raises(IntegrityError) as caught:
        fetcher.fetch([msgspec.structs.replace(wanted, size=1)])
    assert caught.value.code == "integrity.size"
    path.unlink()
    with pytest.raises(FetchError) as missing:
        fetcher.fetch([wanted])
    assert missing.value.code == "fetch.not_found"


@pytest.mark.parametrize(("error", "code"), [(errno.ENOSPC, "storage.full"), (errno.EACCES, "storage")])
def test_a_disk_that_refuses(server: Server, tmp_path: Path, settings: Settings, error: int, code: str) -> None:
    def act() -> None:
        Fetcher(settings, NullReporter(), CancelToken()).fetch([download(server, tmp_path)])

    outcome = run_forked(act, below=tmp_path / "had", fault=Fault(2, "raise-on", error))
    assert (outcome.error, outcome.code) == ("StorageError", code)
    assert not os.path.exists(tmp_path / "had/a.conda")


def test_the_hint_of_a_full_disk_works() -> None:
    error = StorageError.from_os_error(OSError(errno.ENOSPC, "No space left on device"), "downloading a")
    assert "jupyter envs clean" in error.hint
