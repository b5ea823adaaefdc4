# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Figures: a partition beside the bare machine, for anybody to repeat (docs/performance.md).

- `counter`: a plugin of the emulator that counts instructions, and what reads its records;
- `counts`: what is counted, exactly, by it;
- `work`: small programs that run in a partition or on any Linux, and `run.sh`, which runs them there;
- `levels`: what isolation levels cost, and `scale`: starts of several partitions, both counted by it;
- `timing`: the same work on the bare machine, in a partition, and in one with a neighbour, in turn;
- `restart`: restarts of a partition and of the PC by the same loaders, in turn;
- `latency`: how late a real-time thread wakes up, on both in turn; `cyclictest` has its program;
- `tools`: Debian's fio, stress-ng and openssl, which `timing` has do work, too;
- `memory`: what a partition's firmware and the controller hold of it;
- `parts`: all of these, one after the other;
- `statistics`, `report`: from samples to medians and ratios, a table, a chart and a page;
- `planner`: how long the generator takes for large machines.

`work`, `run.sh`, `statistics` and `report` need no emulator.
"""
