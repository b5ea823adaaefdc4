# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Make sure that there is a sound QEMU: `python -m ci.emulator`."""

import sys

from ci.emulator.choice import ensure
from ci.progress import main

sys.exit(main(ensure))
