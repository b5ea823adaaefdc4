# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Make all guests: `python -m ci.guests`."""

import sys

from ci.guests import build
from ci.guests.debian import build as whole
from ci.progress import main, say


def _main() -> None:
    guests = build.ensure()
    debian = whole.ensure()
    names = [
        *(f"{guest.name} ({guest.release})" for guest in guests),
        f"{debian.folder.name}, a whole Debian",
    ]
    say(f"guests are ready: {', '.join(names)}")


sys.exit(main(_main))
