# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The fault campaign: hundreds of faults in partitions, and what their neighbours notice of them."""
