# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The instructions that the guard knows, and how it reads them through a partition's page tables."""

import itertools
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.guard import DEFAULT, LMA, LONG, RIP, Cpu

READ, WRITE = 1, 2
LOST = 0xB8000
"""Memory that reads as all ones; what is written there is lost."""
VALUES = {number: 0x1111111111111111 * (number + 1) & ~0xFF00 | number << 8 for number in range(15)}

LINES = (
    ("mov [rbx], al", 0x1111111111111100, WRITE),
    ("mov [rbx], ah", None, WRITE),
    ("mov [rbx+rcx*8+0x12345678], r10d", None, WRITE),
    ("mov qword ptr [rip+0x1000], rax", None, WRITE),
    ("mov byte ptr [rbp], 5", None, WRITE),
    ("mov word ptr [r13+8], 0x1234", None, WRITE),
    ("mov dword ptr [rsp+0x40], 0x12345678", None, WRITE),
    ("mov qword ptr [r12], -1", None, WRITE),
    ("mov dword ptr gs:[rax*4+0x20], 7", None, WRITE),
    ("mov dword ptr [ebx+4], edi", None, WRITE),
    ("movabs [0x1122334455667788], eax", None, WRITE),
    ("mov eax, [rdi]", 0xFFFFFFFF, READ),
    ("movabs rax, [0x1122334455667788]", (1 << 64) - 1, READ),
    ("mov ax, [rdi+rsi]", 0x111111111111FFFF, READ),
    ("mov al, [r8]", 0x11111111111100FF, READ),
    ("mov ah, [rdi]", 0x111111111111FF11, READ),
    ("movzx eax, byte ptr [rdi-1]", 0xFF, READ),
    ("movzx rax, word ptr [rdi]", 0xFFFF, READ),
    ("movzx ax, byte ptr [rdi]", 0x11111111111100FF, READ),
    ("xchg [rdi], eax", 0xFFFFFFFF, WRITE),
    ("xchg [rdi+0x80], al", 0x11111111111100FF, WRITE),
)
"""Instructions as an assembler has them, and what RAX is afterwards if it is another one."""


def assemble(folder: Path, lines: list[str], bits: int = 64) -> list[bytes]:
    """What the GNU assembler makes of each of some instructions."""
    source, made, raw = folder / "a.s", folder / "a.o", folder / "a.bin"
    text = [".intel_syntax noprefix", f".code{bits}"]
    text += [line for number, each in enumerate(lines) for line in (f".org {16 * number}, 0x90", each)]
    source.write_text("\n".join([*text, f".org {16 * len(lines)}, 0x90", ""]))
    subprocess.run(["as", "-o", made, source], check=True)
    subprocess.run(["objcopy", "-O", "binary", "-j", ".text", made, raw], check=True)
    binary = raw.read_bytes()
    return [binary[16 * number : 16 * number + 16] for number in range(len(lines))]


def lengths(folder: Path, lines: list[str], bits: int = 64) -> list[int]:
    """Their lengths: between two symbols."""
    source, made = folder / "l.s", folder / "l.o"
    text = [".intel_syntax noprefix", f".code{bits}"]
    text += [line for number, each in enumerate(lines) for line in (f"l{number:02}:", each)]
    source.write_text("\n".join([*text, f"l{len(lines):02}:", ""]))
    subprocess.run(["as", "-o", made, source], check=True)
    told = subprocess.run(["nm", made], capture_output=True, text=True, check=True).stdout
    at = [int(line.split()[0], 16) for line in sorted(told.splitlines(), key=lambda line: line.split()[2])]
    return [after - before for before, after in itertools.pairwise(at)]


def test_instructions_as_an_assembler_makes_them(decide: Decide, tmp_path: Path) -> None:
    lines = [line for line, *_ in LINES]
    codes = zip(LINES, assemble(tmp_path, lines), lengths(tmp_path, lines), strict=True)
    for (line, after, access), code, length in codes:
        cpu = Cpu(decide, VALUES)
        cpu.state.General[0] = 0x1111111111110011
        answer = cpu.fault(LOST, code[:15], access)
        assert (answer.Action, cpu.state.Rip) == (decide.MrmGuardResume, RIP + length), line
        kept = 0x1111111111110011
        assert cpu.state.General[0] == (kept if access == WRITE and "xchg" not in line else after), line
        # One byte less is not enough.
        short = Cpu(decide, VALUES)
        assert short.fault(LOST, code[: length - 1], access).Action == decide.MrmGuardEnd, line


@pytest.mark.parametrize("bits", [16, 32])
def test_older_code(decide: Decide, tmp_path: Path, bits: int) -> None:
    lines = [
        "mov [bx+si], ax",
        "mov [bp+0x12], al",
        "mov word ptr [0x472], 0x1234",
        "mov [ebx+ecx*2], eax",
        "mov dword ptr [ebp+0x10], 1",
        "mov [0x1234], ax",
        "mov dword ptr es:[di], 0x12345678",
    ]
    attributes = DEFAULT if bits == 32 else 0
    for line, code, length in zip(
        lines, assemble(tmp_path, lines, bits), lengths(tmp_path, lines, bits), strict=True
    ):
        cpu = Cpu(decide, VALUES, attributes=attributes, efer=0, rip=0x1000)
        assert cpu.fault(LOST, code[:15]).Action == decide.MrmGuardResume, line
        assert cpu.state.Rip == 0x1000 + length, line


def test_what_is_written_is_what_the_register_holds(decide: Decide) -> None:
    for code, value in (
        ("8903", VALUES[0] & 0xFFFFFFFF),
        ("44894304", VALUES[8] & 0xFFFFFFFF),
        ("c7430477665544", 0x44556677),
        ("a37788665544332211"[:18], VALUES[0] & 0xFFFFFFFF),
    ):
        answer = Cpu(decide, VALUES, x2apic=False).fault(0xFEE00320, bytes.fromhex(code))
        assert (answer.Action, answer.Value) == (decide.MrmGuardWriteApic, value)


@pytest.mark.parametrize(
    "code",
    [
        "f3ab",
        "aa",
        "0103",
        "830301",
        "f0893b",
        "89d8",
        "c70f01000000",
        "0fb6c0",
        "0fb703"[:4],
        "0f2903",
        "48",
        "66",
        "6667",
        "",
        "c5f811",
    ],
)
def test_other_instructions_end_the_partition(decide: Decide, code: str) -> None:
    cpu = Cpu(decide, VALUES)
    assert cpu.fault(LOST, bytes.fromhex(code)).Action == decide.MrmGuardEnd
    assert (cpu.state.Rip, cpu.state.General[0]) == (RIP, VALUES[0])


@given(
    code=st.binary(max_size=20),
    attributes=st.sampled_from((LONG, DEFAULT, 0)),
    address=st.sampled_from((LOST, 0xFEE00300)),
)
def test_whatever_the_code_is(decide: Decide, code: bytes, attributes: int, address: int) -> None:
    cpu = Cpu(decide, VALUES, attributes=attributes)
    answer = cpu.fault(address, code)
    if answer.Action == decide.MrmGuardEnd:
        assert cpu.state.Rip == RIP
    else:
        assert 2 <= (cpu.state.Rip - RIP) % (1 << 32) <= min(len(code), 15)


# Reading the instruction.

CODE = bytes(range(0x40, 0x4F))


def fetch(decide: Decide, cpu: Cpu, memory: Mapping[int, int]) -> bytes:
    """What MrmGuardFetch reads; memory that is not there cannot be read."""
    reads = []

    def read(_: Any, address: int, buffer: Any, size: int) -> int:
        assert size > 0 and address % 0x1000 + size <= 0x1000, "within one page"
        reads.append(address)
        if any(address + offset not in memory for offset in range(size)):
            return 0
        decide.ffi.buffer(buffer, size)[:] = bytes(memory[address + offset] for offset in range(size))
        return 1

    callback = decide.ffi.callback("MRM_GUARD_READ_MEMORY", read)
    room = decide.ffi.new("UINT8[]", 15)
    count = decide.call("MrmGuardFetch", cpu.state, callback, decide.ffi.NULL, room)
    assert len(reads) <= 12, "bounded"
    return bytes(room)[:count]


def put(memory: dict[int, int], address: int, data: bytes) -> None:
    memory.update({address + offset: byte for offset, byte in enumerate(data)})


def entry(memory: dict[int, int], table: int, index: int, value: int, width: int = 8) -> None:
    put(memory, table + index * width, value.to_bytes(width, "little"))


def test_code_without_paging(decide: Decide) -> None:
    cpu = Cpu(decide, attributes=0, efer=0, cr0=0, rip=0x10)
    cpu.state.CsBase = 0x40000
    memory: dict[int, int] = {}
    put(memory, 0x40010, CODE)
    assert fetch(decide, cpu, memory) == CODE
    # The end of what it reaches.
    del memory[0x40010 + 14]
    assert fetch(decide, cpu, memory) == b""


@pytest.mark.parametrize("levels", [4, 5])
@pytest.mark.parametrize("large", [0, 2, 3])
def test_64_bit_code(decide: Decide, levels: int, large: int) -> None:
    linear, frame = 0x00007F8123456FFA, 0x40000000
    memory: dict[int, int] = {}
    for level in range(levels, max(large, 1) - 1, -1):
        table = level << 12
        index = linear >> (3 + 9 * level) & 511
        end = level == (large or 1)
        target = frame | (1 << 7 if large else 0) if end else (level - 1) << 12
        entry(memory, table, index, target | 1 << 63 | 0x67 & ~0x40 | 1)
        if end:
            entry(memory, table, index + 1, (target if large else frame + 0x5000) | 1)
    cpu = Cpu(decide, rip=linear)
    cpu.state.Cr3, cpu.state.Cr4 = levels << 12 | 0x18, 1 << 5 | (1 << 12 if levels == 5 else 0)
    size = 1 << (3 + 9 * (large or 1))
    if large:
        put(memory, frame + linear % size, CODE)
    else:
        put(memory, frame + 0xFFA, CODE[:6])
        put(memory, frame + 0x5000, CODE[6:])
    assert fetch(decide, cpu, memory) == CODE
    if not large:
        entry(memory, 1 << 12, (linear >> 12 & 511) + 1, 0)
        assert fetch(decide, cpu, memory) == CODE[:6]


def test_32_bit_code(decide: Decide) -> None:
    memory: dict[int, int] = {}
    entry(memory, 0x2020, 3, 0x3001)
    entry(memory, 0x3000, 0x0C0, 0x4001)
    entry(memory, 0x4000, 1, 0x50000001 & ~0xFFF | 1)
    put(memory, 0x50000100, CODE)
    cpu = Cpu(decide, attributes=DEFAULT, efer=0, rip=0xD8001100)
    cpu.state.Cr3, cpu.state.Cr4 = 0x2020, 1 << 5
    assert fetch(decide, cpu, memory) == CODE
    memory.clear()
    entry(memory, 0x2000, 0x360, 0x3001, 4)
    entry(memory, 0x3000, 1, 0x50000001, 4)
    put(memory, 0x50000100, CODE)
    cpu.state.Cr3, cpu.state.Cr4 = 0x2000, 0
    assert fetch(decide, cpu, memory) == CODE
    memory.clear()
    entry(memory, 0x2000, 0x360, 0x50000081, 4)
    put(memory, 0x50001100, CODE)
    assert fetch(decide, cpu, memory) == b""
    cpu.state.Cr4 = 1 << 4
    assert fetch(decide, cpu, memory) == CODE


@given(
    rip=st.integers(0, (1 << 64) - 1),
    cr3=st.integers(0, (1 << 64) - 1),
    cr4=st.integers(0, 1 << 13),
    efer=st.sampled_from((0, LMA)),
    attributes=st.sampled_from((0, LONG, DEFAULT)),
    raw=st.binary(min_size=8, max_size=8),
)
def test_tables_that_lead_anywhere(
    decide: Decide, rip: int, cr3: int, cr4: int, efer: int, attributes: int, raw: bytes
) -> None:
    """The walk ends, and reads within pages, whatever a partition's tables say."""

    class Endless(dict[int, int]):
        def __contains__(self, _: object) -> bool:
            return True

        def __getitem__(self, address: int) -> int:
            return raw[address % 8] | (1 if address % 4 == 0 else 0)

    cpu = Cpu(decide, attributes=attributes, efer=efer, rip=rip)
    cpu.state.Cr3, cpu.state.Cr4, cpu.state.CsBase = cr3, cr4, rip >> 7
    assert len(fetch(decide, cpu, Endless())) == 15
