# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Tests of the machine that runs partitions/two-debians.yaml, the demonstration."""
