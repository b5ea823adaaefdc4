# SPDX-License-Identifier: BSD-2-Clause-Patent
# Runs on the host before packages are installed into the system in folder $1.
set -eu
# Packages start nothing by themselves: a role says what runs.
mkdir -p "$1/etc/systemd/system-preset"
echo 'disable *' >"$1/etc/systemd/system-preset/00-mrm.preset"
