# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What `make run` shows: the machine with all its consoles, and promised against seen.

`plan` reads what was promised, `session` watches a machine that runs it, `judge` compares (pure), `figures`
measures, `table` lays out; `batch` and `panes` are the two ways to show it, `bare` runs a kernel without MRM.
"""
