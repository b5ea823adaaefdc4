# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The commands of `python -m generator`, one module each; `generator.command_line` lists them."""
