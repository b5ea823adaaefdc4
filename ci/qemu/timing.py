# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Time limits that follow the speed of the host.

Limits say when to give up, never whether something was fast enough. `MRM_TIME_SCALE` (a factor, default 1)
multiplies every one of them.
"""

import os

SCALE_VARIABLE = "MRM_TIME_SCALE"


def scaled(seconds: float) -> float:
    """Return `seconds` multiplied by the factor in MRM_TIME_SCALE.

    Raises ValueError when the variable is set to something that is not a positive number.
    """
    text = os.environ.get(SCALE_VARIABLE, "1")
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0.0 < factor < float("inf"):
        raise ValueError(f"{SCALE_VARIABLE}={text!r}: expected a positive factor such as 1 or 2.5")
    return seconds * factor
