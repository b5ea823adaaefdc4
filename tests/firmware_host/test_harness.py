# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The means of these tests work: the sanitizer reports, guarded buffers are fenced."""

import ctypes
import os
import signal

import pytest

from tests.firmware_host.decide import Decide, SanitizerError
from tests.firmware_host.memory import Guarded


def test_undefined_behaviour_is_an_error(decide: Decide) -> None:
    assert decide.call("HostIncrement", 41) == 42
    with pytest.raises(SanitizerError, match="HostIncrement"):
        decide.call("HostIncrement", 0x7FFFFFFF)
    assert decide.call("HostIncrement", 42) == 43


def _signal_of_touching(address: int, *, write: bool) -> int:
    """Return the signal that ends a process which reads or writes one byte; zero when it lives."""
    child = os.fork()
    if child == 0:
        # A handler of the test runner would print a traceback.
        signal.signal(signal.SIGSEGV, signal.SIG_DFL)
        place = ctypes.c_ubyte.from_address(address)
        if write:
            place.value = 1
        os._exit(place.value & 0)
    return os.WTERMSIG(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097])
@pytest.mark.parametrize("write", [False, True])
def test_nothing_beside_a_guarded_buffer_can_be_touched(decide: Decide, size: int, write: bool) -> None:
    memory = Guarded(decide.ffi, bytes(size))
    with memory as start:
        address = int(decide.ffi.cast("UINTN", start))
        assert _signal_of_touching(address + size, write=write) == signal.SIGSEGV
        assert _signal_of_touching(address - 1 - address % 4096, write=write) == signal.SIGSEGV
        if size:
            assert _signal_of_touching(address + size - 1, write=write) == 0
            assert _signal_of_touching(address, write=write) == 0


def test_guarded_buffer_holds_what_was_put_in(decide: Decide) -> None:
    memory = Guarded(decide.ffi, b"contents")
    with memory as start:
        assert decide.ffi.buffer(start, 8)[:] == memory.contents() == b"contents"
