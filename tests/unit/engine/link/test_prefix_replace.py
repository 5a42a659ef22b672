"""Prefix replacement on small texts and binaries; the laws are in tests/property/test_link.py."""

import pytest

from jupyter_envs.engine.link.prefix_replace import check_binary_fits, replace_binary, replace_text
from jupyter_envs.engine.models.platform import layout_for
from jupyter_envs.errors import LinkError

LINUX = layout_for("linux-64")
OLD = "/opt/placeholder_placehold"
NEW = "/home/u/env"
PAD = b"\0" * (len(OLD) - len(NEW))


def test_text_is_replaced_everywhere() -> None:
    data = f"a={OLD}/bin:{OLD}/lib\n{OLD}".encode()
    assert replace_text(data, OLD, NEW, LINUX) == f"a={NEW}/bin:{NEW}/lib\n{NEW}".encode()


def test_text_may_get_longer() -> None:
    assert replace_text(b"x=/p/y", "/p", "/a/very/long/prefix", LINUX) == b"x=/a/very/long/prefix/y"


def test_a_new_prefix_that_holds_the_old_one_is_put_in_once() -> None:
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le"):
        data = "x=/opt/env/y;".encode(encoding)
        replaced = replace_text(data, "/opt/env", "/home/opt/env", LINUX)
        assert replaced == "x=/home/opt/env/y;".encode(encoding)


def test_a_shebang_is_kept_within_the_limit() -> None:
    prefix = "/" + "x" * 140
    fixed = replace_text(f"#!{OLD}/bin/perl\n".encode(), OLD, prefix, LINUX)
    assert fixed == b"#!/usr/bin/env perl\n"


def test_a_c_string_is_replaced_and_padded() -> None:
    data = b"\x7fELF\0" + f"{OLD}/lib".encode() + b"\0next\0"
    assert replace_binary(data, OLD, NEW) == b"\x7fELF\0" + f"{NEW}/lib".encode() + b"\0" + PAD + b"next\0"


def test_several_hits_in_one_string_are_padded_at_its_end() -> None:
    data = f"-L{OLD}/a:{OLD}/b".encode() + b"\0tail"
    assert replace_binary(data, OLD, NEW) == f"-L{NEW}/a:{NEW}/b".encode() + PAD * 2 + b"\0tail"


def test_a_string_without_an_end_is_left_alone() -> None:
    data = f"{OLD}/lib".encode()
    assert replace_binary(data, OLD, NEW) == data


def test_only_where_the_placeholder_stands_whole() -> None:
    data = f"{OLD}2/lib".encode() + b"\0" + f"{OLD}".encode() + b"\0"
    assert replace_binary(data, OLD, NEW) == f"{OLD}2/lib".encode() + b"\0" + NEW.encode() + PAD + b"\0"


def test_part_of_a_placeholder_stays() -> None:
    data = OLD[:-3].encode() + b"\0" + OLD[3:].encode() + b"\0"
    assert replace_binary(data, OLD, NEW) == data


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_strings_are_replaced_too(encoding: str) -> None:
    zero = "\0".encode(encoding)
    data = f"MZ{OLD}/lib".encode(encoding) + zero + "next".encode(encoding) + zero
    padding = zero * (len(OLD) - len(NEW))
    expected = f"MZ{NEW}/lib".encode(encoding) + zero + padding + "next".encode(encoding) + zero
    assert replace_binary(data, OLD, NEW) == expected


def test_a_longer_prefix_names_file_and_lengths() -> None:
    with pytest.raises(LinkError) as caught:
        check_binary_fits("/short", "/a/longer/prefix", "lib/libz.so", "zlib-1-0")
    assert caught.value.code == "link.prefix_too_long"
    assert caught.value.message == "the environment's path has 16 bytes, and lib/libz.so of zlib-1-0 has room for 6"
    assert caught.value.hint == "use a shorter path (at most 6 characters)"
    with pytest.raises(LinkError):
        replace_binary(b"/short\0", "/short", "/a/longer/prefix")


def test_a_prefix_as_long_as_the_placeholder_fits() -> None:
    check_binary_fits("/abc", "/def", "lib/x", "x-1-0")
    assert replace_binary(b"/abc/x\0", "/abc", "/def") == b"/def/x\0"
