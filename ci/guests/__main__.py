# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Make all guests: `python -m ci.guests`."""

import sys

from ci.guests.build import ensure
from ci.progress import main, say


def _main() -> None:
    guests = ensure()
    say(f"guests are ready: {', '.join(f'{guest.name} ({guest.release})' for guest in guests)}")


sys.exit(main(_main))
