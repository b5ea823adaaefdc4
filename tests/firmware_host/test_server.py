# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The server that Mrm.efi came from, and what it is asked for (MrmServerLib)."""

import ipaddress
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded

COOKIE = bytes([99, 130, 83, 99])
PLAIN = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=300)
OPTIONS = st.lists(st.tuples(st.sampled_from([1, 52, 54, 66, 67, 200]), st.binary(max_size=20)), max_size=6)


def understand(decide: Decide, how: str, data: bytes) -> Any | None:
    """Return the MRM_SERVER that bytes name; None if they name none."""
    memory = Guarded(decide.ffi, data)
    server = decide.ffi.new("MRM_SERVER *")
    status = decide.call(f"MrmServerOf{how}", memory.pointer, len(data), server)
    return server if status == decide.RETURN_SUCCESS else None


def folder(server: Any, decide: Decide) -> str:
    return bytes(decide.ffi.string(server.Folder)).decode("ascii")


def place(decide: Decide, server: Any, path: str) -> str | int:
    """Return what a server is asked for, or the status."""
    text = decide.ffi.new("CHAR8[]", 512)
    wide = decide.ffi.new("CHAR16[]", [*map(ord, path), 0])
    status = decide.call("MrmServerPlace", server, wide, text)
    if status != decide.RETURN_SUCCESS:
        return int(status)
    return bytes(decide.ffi.string(text)).decode("ascii")


def dhcp4(
    file: bytes = b"", siaddr: str = "0.0.0.0", options: list[tuple[int, bytes]] | None = None
) -> bytes:
    """A packet of DHCP for IPv4."""
    head = bytes(20) + ipaddress.IPv4Address(siaddr).packed + bytes(84) + file.ljust(128, b"\0")
    tail = b"".join(bytes([code, len(data)]) + data for code, data in options or [])
    return head + COOKIE + tail + b"\xff"


def dhcp6(*options: tuple[int, bytes]) -> bytes:
    return b"\7\1\2\3" + b"".join(struct.pack(">HH", code, len(data)) + data for code, data in options)


def address(decide: Decide, server: Any) -> str:
    text = decide.ffi.new("CHAR8[]", 256)
    decide.call("MrmServerAddress", server, text)
    return bytes(decide.ffi.string(text)).decode("ascii")


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("http://10.0.2.100/Mrm.efi", "http://10.0.2.100/"),
        ("HTTPS://boot.example:8443/pcs/x86/Mrm.efi?site=1/2#a/b", "HTTPS://boot.example:8443/pcs/x86/"),
        ("http://[fe80::1]/Mrm.efi", "http://[fe80::1]/"),
        ("http://server", "http://server/"),
        ("http://server?x=/y", "http://server/"),
        ("http://server/a\0/b", "http://server/"),
        ("ftp://server/Mrm.efi", None),
        ("http:///Mrm.efi", None),
        ("http://", None),
        ("", None),
        ("http://server/a b/Mrm.efi", None),
        ("http://server/\x7f/Mrm.efi", None),
        ("http://server/" + "f" * 240 + "/Mrm.efi", "http://server/" + "f" * 240 + "/"),
        ("http://server/" + "f" * 241 + "/Mrm.efi", None),
    ],
)
def test_a_uri_names_a_folder(decide: Decide, uri: str, expected: str | None) -> None:
    server = understand(decide, "Uri", uri.encode("latin-1"))
    assert (None if server is None else folder(server, decide)) == expected
    assert server is None or server.Kind == decide.MrmServerHttp


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (dhcp4(b"Mrm.efi", "10.0.2.2"), ("10.0.2.2", "")),
        (dhcp4(b"/srv/mrm/Mrm.efi", "10.0.2.2"), ("10.0.2.2", "/srv/mrm/")),
        (dhcp4(b"boot\\x64\\Mrm.efi", "10.0.2.2"), ("10.0.2.2", "boot\\x64\\")),
        (dhcp4(b"not/this", "10.0.2.2", [(67, b"pcs/Mrm.efi\0")]), ("10.0.2.2", "pcs/")),
        (dhcp4(b"Mrm.efi", options=[(1, b"abcd"), (54, b"\x0a\0\2\2")]), ("10.0.2.2", "")),
        (dhcp4(b"Mrm.efi"), None),
        (dhcp4(b"Mrm.efi", options=[(54, b"\x0a\0\2")]), None),
        (dhcp4(b"", "10.0.2.2"), None),
        (dhcp4(b"\x43\x05files", "10.0.2.2", [(52, b"\1")]), None),
        (dhcp4(b"Mrm.efi", "10.0.2.2", [(52, b"\2")]), ("10.0.2.2", "")),
        (dhcp4(b"a b", "10.0.2.2"), None),
        (dhcp4(b"Mrm.efi", "10.0.2.2")[:239], None),
        (dhcp4(b"Mrm.efi", "10.0.2.2").replace(COOKIE, b"abcd"), None),
        (dhcp4(b"", "10.0.2.2")[:-1] + b"\x43\x20short", None),
        (dhcp4(b"f" * 127 + b"/", "10.0.2.2"), ("10.0.2.2", "f" * 127 + "/")),
        (dhcp4(b"", "10.0.2.2", [(67, b"f" * 254 + b"/")]), ("10.0.2.2", "f" * 254 + "/")),
    ],
)
def test_dhcp_names_server_and_folder(
    decide: Decide, packet: bytes, expected: tuple[str, str] | None
) -> None:
    server = understand(decide, "Dhcp4", packet)
    assert (None if server is None else (address(decide, server), folder(server, decide))) == expected


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (dhcp6((59, b"tftp://[fe80::2]/Mrm.efi")), ("fe80::2", "")),
        (dhcp6((1, b"id"), (59, b"tftp://[2001:db8::a:1]/pcs/Mrm.efi")), ("2001:db8::a:1", "pcs/")),
        (dhcp6((59, b"tftp://[1:2:3:4:5:6:7:8]/Mrm.efi\0")), ("1:2:3:4:5:6:7:8", "")),
        (dhcp6((59, b"tftp://[::]/Mrm.efi")), ("::", "")),
        (dhcp6((59, b"tftp://10.0.0.1/Mrm.efi")), None),
        (dhcp6((59, b"tftp://[1:2:3:4:5:6:7::8:9]/Mrm.efi")), None),
        (dhcp6((59, b"tftp://[1:2:3:4:5:6:7:8:9]/Mrm.efi")), None),
        (dhcp6((59, b"tftp://[1::2::3]/Mrm.efi")), None),
        (dhcp6((59, b"tftp://[12345::]/Mrm.efi")), None),
        (dhcp6((59, b"tftp://[1:]/Mrm.efi")), None),
        (dhcp6((59, b"tftp://[fe80::2]")), None),
        (dhcp6((59, b"tftp://[fe80::2]/")), None),
        (dhcp6((59, b"tftp://[fe80::2")), None),
        (dhcp6((59, b"http://[fe80::2]/Mrm.efi")), None),
        (dhcp6((60, b"tftp://[fe80::2]/Mrm.efi")), None),
        (dhcp6((59, b"tftp://[fe80::2]/Mrm.efi"))[:-1] + b"", None),
        (b"\7", None),
    ],
)
def test_dhcp_for_ipv6_names_them_too(
    decide: Decide, packet: bytes, expected: tuple[str, str] | None
) -> None:
    server = understand(decide, "Dhcp6", packet)
    if expected is None:
        assert server is None
        return
    assert server is not None and server.IsIpv6
    assert address(decide, server) == f"[{ipaddress.IPv6Address(expected[0]).exploded}]"
    assert folder(server, decide) == expected[1]


@given(st.ip_addresses(v=6))
def test_any_ipv6_address_is_read_as_python_writes_it(decide: Decide, given: ipaddress.IPv6Address) -> None:
    text = ":".join(f"{word:x}" for word in struct.unpack(">8H", given.packed))
    for written in (text, given.exploded, given.compressed):
        if "." in written:
            continue
        server = understand(decide, "Dhcp6", dhcp6((59, f"tftp://[{written}]/x".encode())))
        assert server is not None and bytes(decide.ffi.buffer(server.Address)) == given.packed


@given(data=st.binary(max_size=300), how=st.sampled_from(["Uri", "Dhcp4", "Dhcp6"]))
def test_any_bytes_name_a_plain_folder_or_nothing(decide: Decide, data: bytes, how: str) -> None:
    server = understand(decide, how, data)
    assert server is None or all(0x20 < ord(letter) < 0x7F for letter in folder(server, decide))


@given(file=st.binary(max_size=128), options=OPTIONS, cut=st.integers(0, 60))
def test_any_options_lead_nowhere_else(
    decide: Decide, file: bytes, options: list[tuple[int, bytes]], cut: int
) -> None:
    packet = dhcp4(file, "10.0.2.2", options)
    server = understand(decide, "Dhcp4", packet[: len(packet) - cut])
    if server is not None:
        named = [data for code, data in options if code == 67]
        # A 255 ends the options; it may be in the data of one that is not ours.
        name = (named[0] if named and cut == 0 else file).split(b"\0")[0] if cut == 0 else None
        assert name is None or folder(server, decide).encode() == name[: len(folder(server, decide))]


@pytest.mark.parametrize(
    ("uri", "path", "expected"),
    [
        ("http://s/pcs/Mrm.efi", "\\EFI\\MRM\\plan.bin", "http://s/pcs/plan.bin"),
        ("http://s/Mrm.efi", "\\EFI\\MRM\\steady\\vmlinuz", "http://s/steady/vmlinuz"),
        ("http://s/Mrm.efi", "\\efi\\Mrm\\a b%c#d", "http://s/a%20b%25c%23d"),
        ("http://s/Mrm.efi", "\\EFI\\debian\\grubx64.efi", None),
        ("http://s/Mrm.efi", "\\EFI\\MRM\\..\\..\\secret", None),
        ("http://s/Mrm.efi", "\\EFI\\MRM\\a\\.\\b", None),
        ("http://s/Mrm.efi", "\\EFI\\MRM\\a\\\\b", None),
        ("http://s/Mrm.efi", "\\EFI\\MRM\\", None),
        ("http://s/Mrm.efi", "\\EFI\\MRM\\...\\x.y", "http://s/.../x.y"),
        ("http://s/Mrm.efi", "", None),
    ],
)
def test_a_path_of_an_esp_becomes_a_place(decide: Decide, uri: str, path: str, expected: str | None) -> None:
    server = understand(decide, "Uri", uri.encode())
    found = place(decide, server, path)
    assert found == (decide.RETURN_NOT_FOUND if expected is None else expected)


def test_of_tftp_names_stay_as_they_are(decide: Decide) -> None:
    server = understand(decide, "Dhcp4", dhcp4(b"pcs/Mrm.efi", "10.0.2.2"))
    assert place(decide, server, "\\EFI\\MRM\\steady\\my kernel#1") == "pcs/steady/my kernel#1"


def test_what_no_server_can_be_asked_for_is_said(decide: Decide) -> None:
    server = understand(decide, "Uri", b"http://s/Mrm.efi")
    assert place(decide, server, "\\EFI\\MRM\\küche") == decide.RETURN_UNSUPPORTED
    assert place(decide, server, "\\EFI\\MRM\\" + "x" * 502) == "http://s/" + "x" * 502
    assert place(decide, server, "\\EFI\\MRM\\" + "x" * 503) == decide.RETURN_BUFFER_TOO_SMALL


@given(uri=PLAIN, path=st.text(st.characters(max_codepoint=0xFFFF, exclude_characters="\0"), max_size=60))
def test_any_place_is_below_the_folder(decide: Decide, uri: str, path: str) -> None:
    server = understand(decide, "Uri", f"http://s/{uri}".encode())
    if server is None:
        return
    found = place(decide, server, f"\\EFI\\MRM\\{path}")
    if isinstance(found, str):
        rest = found.removeprefix(folder(server, decide))
        assert rest != found and not {"", ".", ".."} & set(rest.split("/"))


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("http://10.0.2.100/plan.bin", "10.0.2.100"),
        ("https://boot.example:8443/a/b", "boot.example:8443"),
        ("http://me:word@[fe80::1]:80/a@b", "[fe80::1]:80"),
        ("http://" + "h" * 300 + "/x", "h" * 255),
    ],
)
def test_the_host_of_a_place(decide: Decide, uri: str, host: str) -> None:
    text = decide.ffi.new("CHAR8[]", 256)
    decide.call("MrmServerHost", decide.ffi.new("CHAR8[]", uri.encode()), text)
    assert bytes(decide.ffi.string(text)).decode() == host


@given(
    st.text(st.characters(max_codepoint=0xFF, exclude_characters="\0"), max_size=24)
    | st.from_regex("[0-9]{1,19}", fullmatch=True)
)
def test_a_length_is_a_number_of_18_digits_at_most(decide: Decide, text: str) -> None:
    length = decide.ffi.new("UINT64 *")
    right = text.isascii() and text.isdigit() and len(text) <= 18
    found = decide.call("MrmServerLength", decide.ffi.new("CHAR8[]", text.encode("latin-1")), length)
    assert bool(found) == right
    assert not right or length[0] == int(text)
