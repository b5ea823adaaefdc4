# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Memory that ends where it says: one byte further, and the process stops.

A buffer lies at the very end of a page; the next page cannot be touched. A C function that reads or writes
beyond its buffer so ends the test run with a segmentation fault and a Python traceback, instead of going
unnoticed.
"""

import ctypes
import mmap
import weakref
from collections.abc import Iterable
from types import TracebackType
from typing import Any

from cffi import FFI

_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.mmap.restype = ctypes.c_void_p
_LIBC.mmap.argtypes = [
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_long,
]
_LIBC.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_LIBC.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_FAILED = ctypes.c_void_p(-1).value
_FLAGS = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
_LOW = 0x40
"""MAP_32BIT of Linux on x86."""


class Guarded:
    """A buffer with an untouchable page on each side; at the upper side without a gap.

    The memory goes back when the object does, or at the end of a `with` statement, whose value is `pointer`.
    """

    def __init__(self, ffi: FFI, contents: bytes, *, low: bool = False) -> None:
        """Allocate as many bytes as there are contents, and fill them; `low`: below 2 GiB."""
        self.size = len(contents)
        pages = -(-self.size // mmap.PAGESIZE)
        self._length = (pages + 2) * mmap.PAGESIZE
        flags = _FLAGS | (_LOW if low else 0)
        address = _LIBC.mmap(None, self._length, mmap.PROT_READ | mmap.PROT_WRITE, flags, -1, 0)
        assert address not in (None, _FAILED), ctypes.get_errno()
        self._base = int(address)
        self.address = self._base + (pages + 1) * mmap.PAGESIZE - self.size
        ctypes.memmove(self.address, contents, self.size)
        for guard in (self._base, self._base + (pages + 1) * mmap.PAGESIZE):
            assert _LIBC.mprotect(guard, mmap.PAGESIZE, 0) == 0, ctypes.get_errno()
        self._release = weakref.finalize(self, _LIBC.munmap, self._base, self._length)
        self.pointer: Any = ffi.cast("void *", self.address)

    def __enter__(self) -> Any:
        return self.pointer

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()

    @classmethod
    def array(cls, ffi: FFI, kind: str, elements: Iterable[Any]) -> "Guarded":
        """Return a copy of an array of structures, made from initializers as cffi takes them."""
        array = ffi.new(f"{kind}[]", list(elements))
        return cls(ffi, bytes(ffi.buffer(array)))

    def contents(self) -> bytes:
        """Return what is in the buffer now."""
        return ctypes.string_at(self.address, self.size)
