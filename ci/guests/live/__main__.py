# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Make the live Debian: `python -m ci.guests.live`, after `python -m ci.guests`."""

import sys

from ci.guests.live.build import ensure
from ci.progress import main, say


def _main() -> None:
    live = ensure()
    say(f"guest is ready: {live.folder.name}, a live Debian")


sys.exit(main(_main))
