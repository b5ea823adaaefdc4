# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Tests of the machine that runs partitions/two-kernels.yaml."""
