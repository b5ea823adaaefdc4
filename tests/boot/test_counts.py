# SPDX-License-Identifier: BSD-2-Clause-Patent
"""After boot services nothing of MRM runs on a partition's processors but the runtime services it calls.

Counted by the emulator, instruction by instruction (`bench/counter`), for a whole boot and some work. And the
same work takes as many instructions as on the bare machine.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import modules, subject
from bench.counts import ROWS, marked_rows, watch
from bench.results import BOUND, EXACT
from tests.boot.builds import OUTPUT

pytestmark = [pytest.mark.boot(150), pytest.mark.timeout(1200)]

WORK_SECONDS = 2
WRITES = 3


def test_a_partition_s_processors_run_what_a_bare_machine_s_run(
    images: Callable[[str], Path], tmp_path: Path
) -> None:
    build = subject.build("alone", ready=images("RELEASE"))
    names = modules.load(build.esp, OUTPUT / "build")

    async def run() -> None:
        async with subject.partition(build, tmp_path, True) as measured:
            found, told = await watch(measured, names, WORK_SECONDS, WRITES)
            work = await marked_rows(measured)
        assert set(told.services.values()) >= {"GetVariable", "SetVariable", "SetVirtualAddressMap"}
        boot, load, variables = found
        for seen in found:
            print(seen.outside, seen.ways.services)
            assert seen.outside.instructions > 0
            assert list(seen.ways.strays) == []
            assert seen.elsewhere == {}
        # The counter does see firmware: these are its instructions.
        assert {service.service for service in boot.ways.services} >= {"SetVirtualAddressMap", "GetVariable"}
        assert load.outside.services == 0
        calls = {service.service: service for service in variables.ways.services}
        assert calls["SetVariable"].calls >= WRITES and calls["SetVariable"].least > 0
        (tmp_path / "bare").mkdir()
        async with subject.bare(build, tmp_path / "bare", True) as measured:
            bare = await marked_rows(measured)
        ratios = {row: one / other for row, one, other in zip(ROWS, work, bare, strict=True)}
        print(ratios)
        # The others depend on what a boot happens to put where: two of one machine differ by up to 4 %.
        assert set(ROWS) > EXACT
        assert {row: ratios[row] for row in EXACT if abs(ratios[row] - 1) > BOUND} == {}

    asyncio.run(run())
