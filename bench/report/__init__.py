# SPDX-License-Identifier: BSD-2-Clause-Patent
"""From results to what people read: a table, a chart, and the page docs/performance.md.  Pure functions."""
