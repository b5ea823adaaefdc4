# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Keys of UEFI Secure Boot and variables signed by them (UEFI 2.10 sections 8.2.2, 32), made for a test."""

import base64
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pefile
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from ci.qemu.guest import Guest
from tests.boot.efivars import FOLDER, GLOBAL

DATABASE = "d719b2cb-3d3a-4596-a3bc-dad00e67656f"
"""Vendor GUID of db and dbx."""

_OWNER = UUID("3d4c1f0a-0001-4c8a-a657-1b906ed24f38")
_X509 = UUID("a5c059a1-94e4-4aa7-87b5-ab155c2bf072")
_PKCS7 = UUID("4aafd29d-68df-49ee-8aa9-347d375665a7")
_ATTRIBUTES = 0x27
"""Non-volatile, boot service and runtime access, authenticated with a time."""

_CERTIFICATES = 4
"""Index of the security directory of a PE image."""

_PIECE = 700
"""Characters that are typed at a time."""


@dataclass(frozen=True)
class Key:
    """A key pair and the certificate of its public half, signed by itself.

    `companion` is a certificate that signatures made with it bring along, too.
    """

    certificate: x509.Certificate
    private: rsa.RSAPrivateKey
    companion: x509.Certificate | None = None


def make_key(name: str) -> Key:
    """Make a key that is good for a year."""
    private = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    begin = datetime.now(UTC) - timedelta(days=1)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
    builder = builder.public_key(private.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(begin).not_valid_after(begin + timedelta(days=365))
    return Key(builder.sign(private, hashes.SHA256()), private)


def signer_of(image: Path) -> x509.Certificate:
    """Return the certificate that a signed PE image carries."""
    data = image.read_bytes()
    place = pefile.PE(data=data, fast_load=True).OPTIONAL_HEADER.DATA_DIRECTORY[_CERTIFICATES].VirtualAddress
    length = int.from_bytes(data[place : place + 4], "little")
    (certificate,) = pkcs7.load_der_pkcs7_certificates(data[place + 8 : place + length])
    return certificate


def signature_list(certificate: x509.Certificate) -> bytes:
    """Return an EFI_SIGNATURE_LIST with one certificate."""
    data = _OWNER.bytes_le + certificate.public_bytes(Encoding.DER)
    return _X509.bytes_le + struct.pack("<III", 28 + len(data), 0, len(data)) + data


def signed(name: str, vendor: str, payload: bytes, signer: Key, second: int) -> bytes:
    """Return what is written to efivarfs: attributes, EFI_VARIABLE_AUTHENTICATION_2, payload.

    A variable takes no older time than it has: `second` counts up.
    """
    time = struct.pack("<HBBBBBBIhBB", 2026, 1, 1, 0, 0, second, 0, 0, 0, 0, 0)
    attributes = struct.pack("<I", _ATTRIBUTES)
    message = name.encode("utf-16-le") + UUID(vendor).bytes_le + attributes + time + payload
    options = [
        pkcs7.PKCS7Options.DetachedSignature,
        pkcs7.PKCS7Options.Binary,
        pkcs7.PKCS7Options.NoAttributes,
    ]
    builder = pkcs7.PKCS7SignatureBuilder().set_data(message)
    builder = builder.add_signer(signer.certificate, signer.private, hashes.SHA256())
    if signer.companion is not None:
        builder = builder.add_certificate(signer.companion)
    signature = builder.sign(Encoding.DER, options)
    certificate = struct.pack("<IHH", 24 + len(signature), 0x0200, 0x0EF1) + _PKCS7.bytes_le + signature
    return attributes + time + certificate + payload


async def enroll(guest: Guest, name: str, key: x509.Certificate, signer: Key, second: int) -> bool:
    """Have a guest write a signed variable with one certificate; return whether the firmware took it.

    Linux protects the file of a variable: each can be written once in a boot, and only a new one.
    """
    vendor = GLOBAL if name in ("PK", "KEK") else DATABASE
    text = base64.b64encode(signed(name, vendor, signature_list(key), signer, second)).decode()
    assert (await guest.run(": >/run/key")).status == 0
    for begin in range(0, len(text), _PIECE):
        assert (await guest.run(f"echo {text[begin : begin + _PIECE]} >>/run/key")).status == 0
    file = f"{FOLDER}/{name}-{vendor}"
    assert (await guest.run(f"test -e {file}")).status != 0
    return (await guest.run(f"base64 -d /run/key | dd of={file} obs=64k")).status == 0


async def mode(guest: Guest, name: str) -> int:
    """Return a variable of one byte, such as SetupMode."""
    done = await guest.run(rf"printf 'MODE=%s\n' $(cat {FOLDER}/{name}-{GLOBAL} | tail -c 1 | od -An -tu1)")
    return int(done.output.rpartition("MODE=")[2].split()[0])
