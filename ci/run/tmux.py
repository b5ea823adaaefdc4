# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Panes in a terminal, drawn by a tmux server of our own that knows nothing of the user's.

Pure functions make the configuration and the commands; `Tmux` runs them.
"""

import asyncio
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

SESSION = "mrm"
SIDE_BY_SIDE = 170
"""Columns from which partitions stand side by side: two terminals of 80 and the line between."""

CONFIGURATION = f"""\
# SPDX-License-Identifier: BSD-2-Clause-Patent
# Keys: those of QEMU's own multiplexer, Ctrl-a and a letter.
set -g prefix C-a
unbind -a -T prefix
bind C-a send-prefix
bind a last-pane
bind Tab select-pane -t :.+
bind BTab select-pane -t :.-
bind Up select-pane -U
bind Down select-pane -D
bind Left select-pane -L
bind Right select-pane -R
bind z resize-pane -Z
bind Space next-layout
bind PageUp copy-mode -u
bind '[' copy-mode
bind x kill-session -t {SESSION}
bind q kill-session -t {SESSION}
bind ? display-message -d 0 'Keys follow Ctrl-a. Ctrl-a Ctrl-a sends Ctrl-a itself. In PageUp, q goes back.'
set -g mouse on
set -g history-limit 20000
set -g default-terminal tmux-256color
set -g status-interval 0
set -g escape-time 25
set -g set-titles off
set -g remain-on-exit off
set -g pane-border-status top
set -g pane-border-format ' #{{?pane_active,#[bold],}}#{{pane_title}}#[default] '
set -g pane-active-border-style fg=green
set -g status-style bg=colour236,fg=colour252
set -g status-left ''
set -g status-right ''
set -g window-status-format ''
set -g window-status-separator ''
set -g window-status-current-format '\
 Ctrl-a: #[bold]Tab#[nobold]/arrows/click switch · #[bold]1…9#[nobold] pick · #[bold]z#[nobold] zoom · \
#[bold]PageUp#[nobold] back · #[bold]x#[nobold] quit'
"""


def configuration(panes: int) -> str:
    """Return the whole configuration for a number of panes (keys 1 to 9 pick one)."""
    picks = [f"bind {number + 1} select-pane -t {SESSION}:0.{number}" for number in range(min(panes, 9))]
    return CONFIGURATION + "\n".join(picks) + "\n"


def controller_rows(rows: int, panes: int) -> int:
    """Return how many rows the controller's pane gets: little on a small terminal, a third at most."""
    return max(3, min(rows // 3, rows - 8 * (panes - 1), 14))


def layout(columns: int, rows: int, panes: int) -> tuple[str, dict[str, int]]:
    """Return tmux's layout name and window options for a terminal: the controller on top, the others below.

    Wide terminals put the partitions side by side, small ones below each other.
    """
    if panes <= 1:
        return "even-vertical", {}
    if columns >= SIDE_BY_SIDE:
        return "main-horizontal", {"main-pane-height": controller_rows(rows, 2)}
    return "even-vertical", {}


class Tmux:
    """One private tmux server with one session."""

    def __init__(self, name: str, configuration_file: Path) -> None:
        """`name` names the server's socket (`tmux -L`)."""
        program = shutil.which("tmux")
        if program is None:
            raise FileNotFoundError("tmux")
        self._command = [program, "-L", name, "-f", str(configuration_file)]
        # Inside somebody's tmux ours would refuse to start; it is a different server.
        self._environment = {
            key: value for key, value in os.environ.items() if key not in ("TMUX", "TMUX_PANE")
        }

    async def run(self, *arguments: str) -> tuple[int, str]:
        """Run one tmux command; return its status and output."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._environment,
        )
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode(errors="replace").strip()

    async def must(self, *arguments: str) -> str:
        """Run one tmux command; raises RuntimeError with what it said when it fails."""
        status, output = await self.run(*arguments)
        if status != 0:
            raise RuntimeError(f"tmux {arguments[0]}: {output}")
        return output

    async def create(self, commands: Sequence[Sequence[str]], columns: int, rows: int) -> None:
        """Start the server with one pane for each command, laid out for a terminal of that size."""
        size = ("-x", str(columns), "-y", str(rows))
        await self.must("new-session", "-d", "-s", SESSION, *size, shlex.join(commands[0]))
        for command in commands[1:]:
            await self.must("split-window", "-t", f"{SESSION}:0", "-v", shlex.join(command))
            # An even layout after each split, or there is no room for the next one.
            await self.must("select-layout", "-t", f"{SESSION}:0", "even-vertical")
        name, options = layout(columns, rows, len(commands))
        for option, value in options.items():
            await self.must("set-option", "-w", "-t", f"{SESSION}:0", option, str(value))
        await self.must("select-layout", "-t", f"{SESSION}:0", name)
        if name == "even-vertical" and len(commands) > 1:
            height = controller_rows(rows, len(commands))
            await self.must("resize-pane", "-t", f"{SESSION}:0.0", "-y", str(height))
            await self._even_rest(len(commands), rows - height)
        await self.must("select-pane", "-t", f"{SESSION}:0.{min(1, len(commands) - 1)}")

    async def _even_rest(self, panes: int, rows: int) -> None:
        """Give all panes but the first the same height; each has its title line, the status line is below."""
        for pane in range(1, panes - 1):
            height = str((rows - panes - 1) // (panes - 1))
            await self.must("resize-pane", "-t", f"{SESSION}:0.{pane}", "-y", height)

    async def show(self) -> None:
        """Show the session on this terminal until the user quits or the server ends."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            "attach-session",
            "-t",
            SESSION,
            stdin=sys.stdin,
            stdout=sys.stdout,
            env=self._environment,
        )
        try:
            await process.wait()
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()

    async def close(self) -> None:
        """End the server with everything in it."""
        await self.run("kill-server")
