# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The demonstration: a whole Debian on its own disk beside a PREEMPT_RT kernel; one boot for this folder."""

from collections.abc import Iterator

import pytest

from tests.boot.bench import Bench
from tests.boot.conftest import Builder


@pytest.fixture(scope="package")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("two-debians")
    with Bench(result.plan, result.esp, tmp_path_factory.mktemp("run")) as bench:
        bench.run(bench.session.settle())
        yield bench
