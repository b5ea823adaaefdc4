# SPDX-License-Identifier: BSD-2-Clause-Patent
"""After boot services nothing of MRM runs on a partition's processors but the runtime services it calls.

Counted by the emulator, instruction by instruction (`bench/counter`), for a whole boot and some work.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import modules, subject
from bench.counts import watch
from tests.boot.builds import OUTPUT

pytestmark = [pytest.mark.boot(60), pytest.mark.timeout(1200)]

WORK_SECONDS = 2
WRITES = 3


def test_nothing_but_runtime_services_runs_after_boot_services(
    images: Callable[[str], Path], tmp_path: Path
) -> None:
    build = subject.build("alone", ready=images("RELEASE"))
    names = modules.load(build.esp, OUTPUT / "build")

    async def run() -> None:
        async with subject.partition(build, tmp_path, True) as measured:
            found, told = await watch(measured, names, WORK_SECONDS, WRITES)
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

    asyncio.run(run())
