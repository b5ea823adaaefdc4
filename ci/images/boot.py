# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Everything writable that a machine gets for one run: made fresh in its run folder."""

import shutil
from collections.abc import Collection
from pathlib import Path

from ci.images.esp import make_esp_image
from ci.images.gpt import ImageError
from ci.images.nvme import make_test_disk
from ci.qemu.command import Boot, MachineDescription


def prepare_boot(
    machine: MachineDescription,
    folder: Path,
    esp: Path | None,
    root_ports: Collection[str] | None = None,
    spare: int = 0,
) -> Boot:
    """Make variable store, ESP disk and test disks in `folder` and return what names them.

    Args:
        machine: What is going to run.
        folder: Run folder, created; images of an earlier run in it are replaced.
        esp: Folder tree to put onto the ESP, or None for a machine without that disk.
        root_ports: Device paths of ports; only what is behind them gets a disk. None means all.
        spare: Bytes of room on the ESP, for the files of served disks.

    Raises:
        ImageError: A file is missing or a tool failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    variables = folder / "variables.fd"
    try:
        shutil.copyfile(machine.firmware_variables, variables)
    except OSError as error:
        raise ImageError(f"{machine.firmware_variables}: {error.strerror}; run `make setup`") from error
    image = None
    if esp is not None:
        image = folder / "esp.img"
        make_esp_image(esp, image, spare)
    disks = {}
    for port in machine.root_ports:
        if port.holds_disk and (root_ports is None or port.leads_to_disk(root_ports)):
            disks[port.path] = folder / f"{port.serial}.img"
            make_test_disk(disks[port.path], machine.disk_size)
    return Boot(variables=variables, esp=image, disks=disks)
