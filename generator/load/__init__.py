# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Stage 1: bytes on disk → intent, machine facts and file facts, with places; every fault is a Problem."""
