# SPDX-License-Identifier: BSD-2-Clause-Patent
# The first login on the console reports: from then on somebody reads what is typed there.
case "$(tty)" in
  /dev/ttyS*|/dev/console)
    if mkdir /run/mrm-reported 2>/dev/null; then
      mrm first-report
    fi
    ;;
esac
