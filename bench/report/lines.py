# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The files that bench/run.sh writes: lines of JSON, a machine first, then samples."""

import json
from pathlib import Path

from bench.results import ResultsError, Sample


def read_lines(path: Path, subject: str) -> list[Sample]:
    """Read a file of bench/run.sh; raises ResultsError."""
    samples = []
    try:
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        for line in lines:
            if "value" in line:
                samples.append(
                    Sample(
                        subject, str(line["row"]), str(line["unit"]), float(line["value"]), int(line["round"])
                    )
                )
    except OSError as error:
        raise ResultsError(f"{path}: {error.strerror}; expected a file of bench/run.sh") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ResultsError(f"{path}: {error!r}; expected a file of bench/run.sh; measure again") from error
    if not samples:
        raise ResultsError(f"{path}: no samples in it; expected a file of bench/run.sh; measure again")
    return samples
