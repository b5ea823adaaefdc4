# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Can MRM run on this machine?  One requirement: one function, one line of output and of documentation."""

from generator.hardware.requirements import judge_hardware
from generator.hardware.verdict import Facts, Level, Row, State, exit_status

__all__ = ["Facts", "Level", "Row", "State", "exit_status", "judge_hardware"]
