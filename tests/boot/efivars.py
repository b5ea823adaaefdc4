# SPDX-License-Identifier: BSD-2-Clause-Patent
"""UEFI variables of a partition, read and written by its OS through efivarfs, with nothing but its shell."""

import json
from typing import Any

from ci.qemu.guest import Done, Guest

FOLDER = "/sys/firmware/efi/efivars"
MRM = "3d4c1f0a-5e2b-4c8a-a657-1b906ed24f38"

GLOBAL = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
"""Vendor GUID of the variables of the UEFI specification."""

FREE = "cfc8fc79-be2e-4ddc-97f0-9f98bfe298a0"
"""A vendor GUID whose variables Linux does not protect against being written again."""


async def mount(guest: Guest) -> None:
    """Make the variables readable, unless they are."""
    command = f"modprobe efivarfs; grep -q ' {FOLDER} ' /proc/mounts || mount -t efivarfs efivarfs {FOLDER}"
    assert (await guest.run(command)).status == 0


async def read(guest: Guest, name: str, vendor: str = MRM) -> str:
    """Return a variable's data as text."""
    done = await guest.run(f"cat {FOLDER}/{name}-{vendor} | tail -c +5 && echo")
    assert done.status == 0, done.output
    return done.output.replace("\r", "").strip()


async def read_json(guest: Guest, name: str) -> Any:
    """Return the data of one of MRM's variables, which is JSON.

    The shell's line editor may leave some of what was typed in front: the object begins at its brace.
    """
    text = await read(guest, name)
    return json.loads(text[text.index("{") :])


async def ask(guest: Guest, request: str) -> tuple[Done, dict[str, Any]]:
    """Write a request; return how the writing ended, and MRM's answer."""
    done = await guest.run(rf"printf '\006\000\000\000{request}' | dd bs=300 of={FOLDER}/Request-{MRM}")
    return done, await read_json(guest, "Status")
