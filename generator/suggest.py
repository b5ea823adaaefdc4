# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Which known word was probably meant by an unknown one."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from itertools import islice

LONGEST = 64
"""Characters of a word that is compared: the effort grows with the square."""
MOST = 512
"""Words it is compared with."""

OTHER_WORDS = {
    "append": "options",
    "args": "options",
    "cmdline": "options",
    "command_line": "options",
    "com": "console",
    "cores": "processors",
    "cpu": "processors",
    "cpus": "processors",
    "devices": "pci",
    "gpu": "display",
    "graphics": "display",
    "image": "file",
    "include": "extends",
    "inherits": "extends",
    "initramfs": "initrd",
    "kernel": "file",
    "loader": "file",
    "mem": "memory",
    "nic": "network",
    "nvdimm": "shared",
    "path": "file",
    "pcie": "pci",
    "pmem": "shared",
    "ram": "memory",
    "ramdisk": "initrd",
    "serial": "console",
    "shm": "shared",
    "threads": "processors",
    "uart": "console",
    "url": "uri",
    "vcpus": "processors",
    "version": "format",
    "vms": "partitions",
}
"""Words that other tools use for a key of ours."""


def closest(word: str, known: Sequence[str], most: int) -> list[str]:
    """The known words a word was most probably meant to be, best first; none if it is like none of them."""
    if len(word) > LONGEST:
        return []
    other = OTHER_WORDS.get(word.lower().replace("-", "_"), "")
    near = difflib.get_close_matches(word, list(islice(known, MOST)), most)
    return list(dict.fromkeys([*([other] if other in known else []), *near]))[:most]
