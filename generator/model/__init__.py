# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The immutable data that the stages hand to each other."""
