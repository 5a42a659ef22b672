"""Records of the three kinds: a conda package, a wheel and an interpreter."""

from __future__ import annotations

import pytest

from jupyter_envs.engine.models.records import RepodataRecord

CHANNEL = "https://channel.example/cf"
INDEX = "https://index.example/files"


@pytest.fixture
def conda_record() -> RepodataRecord:
    return RepodataRecord(
        name="numpy",
        version="1.26.4",
        build="py311h_2",
        build_number=2,
        depends=("python >=3.11,<3.12", "libblas >=3.9"),
        subdir="linux-64",
        fn="numpy-1.26.4-py311h_2.conda",
        url=f"{CHANNEL}/linux-64/numpy-1.26.4-py311h_2.conda",
        channel=CHANNEL,
        md5="cd" * 16,
        sha256="ab" * 32,
        size=1234,
    )


@pytest.fixture
def wheel_record() -> RepodataRecord:
    fn = "torch-2.3.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    return RepodataRecord(
        name="pytorch",
        version="2.3.0",
        build="cp311_cp311_manylinux_2_17_x86_64_0",
        subdir="linux-64",
        noarch="python",
        fn=fn,
        url=f"{INDEX}/{fn}",
        channel=INDEX,
        sha256="ef" * 32,
    )


@pytest.fixture
def interpreter_record() -> RepodataRecord:
    build = "interpreter_0a1b2c3d_0"
    return RepodataRecord(
        name="python",
        version="3.11.7",
        build=build,
        subdir="linux-64",
        fn=f"python-3.11.7-{build}.interpreter",
        url="interpreter:///opt/my pythons/bin/python3.11",
        channel="interpreter://",
    )


@pytest.fixture
def records(
    interpreter_record: RepodataRecord, conda_record: RepodataRecord, wheel_record: RepodataRecord
) -> list[RepodataRecord]:
    return [interpreter_record, conda_record, wheel_record]
