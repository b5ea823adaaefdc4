# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Figures: a partition beside the bare machine, for anybody to repeat (docs/performance.md).

- `counter`: a plugin of the emulator that counts instructions, and what reads its records;
- `counts`: what is counted, exactly, by it;
- `work`: small programs that run in a partition or on any Linux, and `run.sh`, which runs them there;
- `timing`: the same work on the bare machine, in a partition, and in one with a neighbour, in turn;
- `statistics`, `report`: from samples to medians and ratios, a table, a chart and a page;
- `planner`: how long the generator takes for large machines.

`work`, `run.sh`, `statistics` and `report` need no emulator.
"""
