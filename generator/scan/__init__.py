# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Build a machine file from a running Linux, or from what collect.sh or `Mrm.efi scan` brought along.

`open_snapshot` gives the files of each; `scan` makes a `Machine` of them, with a `Note` for everything it
could not learn or found odd; `render_machine_file` writes it down.  Nothing here raises on odd firmware.
"""

from generator.scan.archive import SnapshotError
from generator.scan.machine import Scan, scan
from generator.scan.notes import Note
from generator.scan.render import render_machine_file
from generator.scan.snapshot import Snapshot, open_snapshot

__all__ = ["Note", "Scan", "Snapshot", "SnapshotError", "open_snapshot", "render_machine_file", "scan"]
