# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A bootable ESP from a plan and a `Mrm.efi` that was built once: neither EDK2 nor a compiler is needed."""
