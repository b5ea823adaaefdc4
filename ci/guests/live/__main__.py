# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Make the live Debians: `python -m ci.guests.live`, after `python -m ci.guests`."""

import sys

from ci.guests.live.build import ensure
from ci.progress import main, say


def _main() -> None:
    names = ", ".join(live.folder.name for live in ensure())
    say(f"guests are ready: {names}, live Debians")


sys.exit(main(_main))
