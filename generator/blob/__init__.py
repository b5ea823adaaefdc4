# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The plan as one blob of bytes: what the controller reads, whichever way it comes (docs/plan-format.md).

`form` describes it. From this one description come the Python writer and reader here, the C structures and
the tables of the C reader (`python -m generator.blob`), and docs/plan-format.md.
"""
