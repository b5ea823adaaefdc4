# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The plugin that counts instructions and bytes written (`counter.c`): building, asking, and reading it.

with Counter(folder) as counter:
    boot = replace(boot, plugin=counter.arguments)
    …                                   # the machine runs
    record = await counter.snapshot("loaded")
"""
