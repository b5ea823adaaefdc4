# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The plugin that counts instructions (`counter.c`): building it, asking it, reading its records.

with Counter(folder) as counter:
    boot = replace(boot, plugin=counter.arguments)
    …                                   # the machine runs
    record = await counter.snapshot("loaded")
"""
