"""Which package brings a module."""

from __future__ import annotations

import pytest

from jupyter_envs.engine.sources.modules import PACKAGES, find_packages, packages_of
from jupyter_envs.engine.sources.names import is_pypi_name, normalize_name


@pytest.mark.parametrize(
    ("module", "package"),
    [
        ("sklearn", "scikit-learn"),
        ("sklearn.linear_model", "scikit-learn"),
        ("cv2", "opencv-python"),
        ("PIL", "pillow"),
        ("pil", "pillow"),
        ("yaml", "pyyaml"),
        ("bs4", "beautifulsoup4"),
        ("skimage", "scikit-image"),
        ("dateutil", "python-dateutil"),
        ("dotenv", "python-dotenv"),
        ("OpenSSL", "pyopenssl"),
        ("Crypto.Cipher", "pycryptodome"),
        ("google.protobuf.message", "protobuf"),
        ("google.cloud.storage", "google-cloud-storage"),
        ("serial", "pyserial"),
        ("usb", "pyusb"),
        ("git", "gitpython"),
        ("attr", "attrs"),
        ("jose", "python-jose"),
        ("jwt", "pyjwt"),
        ("magic", "python-magic"),
        ("fitz", "pymupdf"),
        ("docx", "python-docx"),
        ("pptx", "python-pptx"),
    ],
)
def test_names_that_people_meet(module: str, package: str) -> None:
    assert packages_of(module)[0] == package


@pytest.mark.parametrize(
    ("module", "packages"),
    [
        ("google.cloud", ("google-cloud-core",)),
        ("google.cloud.storage.blob", ("google-cloud-storage",)),
        ("google.cloud.spanner", ("google-cloud-spanner", "google-cloud-core")),
        ("azure.storage.queue", ("azure-storage-queue", "azure-core")),
        ("azure.keyvault", ("azure-keyvault", "azure-core")),
        ("sphinxcontrib.bibtex", ("sphinxcontrib-bibtex",)),
        ("sphinxcontrib", ("sphinxcontrib",)),
        ("zope.interface", ("zope-interface",)),
        ("google.cloud.", ("google-cloud-core",)),
    ],
)
def test_what_is_in_a_shared_namespace_is_called_after_both(module: str, packages: tuple[str, ...]) -> None:
    assert packages_of(module) == packages


def test_what_is_not_in_the_table_is_its_own_package() -> None:
    assert packages_of("polars") == ("polars",)
    assert packages_of("my_module.sub") == ("my-module",)
    assert find_packages("polars") == ()


@pytest.mark.parametrize("module", ["", "ä", ".", "a b"])
def test_what_cannot_be_a_project_has_no_package(module: str) -> None:
    assert packages_of(module) == ()


def test_the_table_holds_names_as_the_index_compares_them() -> None:
    assert len(PACKAGES) > 110
    assert all(is_pypi_name(package) and package == normalize_name(package) for package in PACKAGES)
