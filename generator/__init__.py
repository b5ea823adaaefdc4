# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Turn a partition file and a machine file into a checked plan, and the plan into EDK2 source.

Four stages, each a package of pure functions between immutable dataclasses of `generator.model`:

`load`      bytes on disk → intent (`model.intent`), facts of the machine (`model.machine`) and of the
            loader files (`model.files`); every value keeps the line and column it was written at
`resolve`   intent against facts → plan (`model.plan`); never fails: what cannot be had is missing in the plan
`check`     plan → problems; every invariant is one named rule in one registry
`emit`      plan → C tables, ASL, AML, JSON; byte-identical for identical input

`generator.api` puts them together; `python -m generator --help` is the command line.
"""
