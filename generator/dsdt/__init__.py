# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The DSDT of a partition, put together of compiled fragments, so that no compiler is needed for a new plan.

`asl/` is the one source. `fragments` compiles it, once, or takes what a release has compiled of it;
`assemble` fills in what the plan knows, and lists what only the live machine can complete.
"""
