# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A stock and a PREEMPT_RT kernel side by side, handed over as files; one boot for this folder."""

from collections.abc import Iterator

import pytest

from tests.boot.bench import Bench
from tests.boot.conftest import Builder


@pytest.fixture(scope="package")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("two-kernels")
    with Bench(result.plan, result.esp, tmp_path_factory.mktemp("run")) as bench:
        bench.run(bench.session.settle())
        yield bench
