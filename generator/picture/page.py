# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The plan as one HTML page: the picture, what is warned of, and tables of everything with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from generator.errors import Problem, to_tell
from generator.letters import letters
from generator.load.values import format_duration, format_size
from generator.model.plan import FileBoot, PartitionPlan, Plan
from generator.picture.canvas import SOFT_INK, markup
from generator.picture.sheet import render_svg
from generator.show import describe_console, describe_policy, describe_source

_STYLE = """
body{font-family:system-ui,"Segoe UI",Roboto,"DejaVu Sans",Verdana,sans-serif;margin:0;color:#1b1b1b;
background:#f7f7f4;line-height:1.45}
main{max-width:1200px;margin:0 auto;padding:24px 16px 64px}
.sheet{background:#fff;border:1px solid #c9c9c2;border-radius:10px;overflow-x:auto}
.sheet svg{display:block;width:100%;min-width:860px;height:auto}
h2{font-size:20px;margin:36px 0 10px}
h2 .key{display:inline-block;border:1.5px solid #1b1b1b;border-radius:5px;padding:0 7px;margin-right:10px;
background:#fff}
table{border-collapse:collapse;width:100%;background:#fff;font-size:14px}
td,th{border:1px solid #d5d5ce;padding:6px 10px;text-align:left;vertical-align:top}
th{white-space:nowrap;font-weight:600;background:#f3f3f0}
td.from{color:SOFT;white-space:nowrap;font-size:13px}
code{font-family:ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;font-size:13px;
overflow-wrap:anywhere}
.warning{background:#fff;border:1px solid #1b1b1b;border-left:8px solid #E69F00;border-radius:6px;
padding:8px 14px;margin:10px 0}
footer{margin-top:40px;color:SOFT;font-size:13px}
@media print{body{background:#fff}main{padding:0}.sheet{border:0}h2{break-after:avoid}tr{break-inside:avoid}}
""".replace("SOFT", SOFT_INK)


def render_page(plan: Plan, warnings: Sequence[Problem] = ()) -> str:
    """The page, complete in itself."""
    parts: list[str] = []
    told, left = to_tell(warnings)
    if told:
        parts.append("<h2>Warnings</h2>")
        parts.extend(_warning(problem) for problem in told)
        parts.extend([f"<p>and {left} more</p>"] if left else [])
    for number, partition in enumerate(plan.partitions):
        parts.append(heading(partition.name.value, letters(number)))
        parts.append(table(_rows(partition)))
    footer = "The last column says which line of which file a value comes from."
    return complete_page(f"{plan.source} on {plan.machine.title}", render_svg(plan), parts, footer)


def complete_page(title: str, picture: str, parts: Iterable[str], footer: str) -> str:
    """A page, complete in itself: a picture, and parts in HTML below it."""
    return "\n".join(
        (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{markup(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>",
            f'<div class="sheet">\n{picture}</div>',
            *parts,
            f"<footer>Made by the command <code>show</code>. {markup(footer)}"
            "</footer>\n</main>\n</body>\n</html>\n",
        )
    )


def heading(text: str, key: str = "") -> str:
    """A heading, with the letter of what it is about."""
    badge = f'<span class="key">{markup(key)}</span>' if key else ""
    return f"<h2>{badge}{markup(text)}</h2>"


def _warning(problem: Problem) -> str:
    """One warning."""
    place = markup(problem.place.short)
    return (
        f'<div class="warning"><strong>{markup(problem.what)}</strong><br>'
        f"expected {markup(problem.expected)}; "
        f"{markup(problem.change)} <code>[{markup(problem.rule)}]</code> {place}</div>"
    )


def table(rows: Iterable[tuple[str, str, str]]) -> str:
    """A table of names, texts (HTML already) and places."""
    body = "\n".join(
        f'<tr><th scope="row">{markup(name)}</th><td>{text}</td><td class="from">{markup(place)}</td></tr>'
        for name, text, place in rows
    )
    return f"<table>\n{body}\n</table>"


def _rows(partition: PartitionPlan) -> Iterator[tuple[str, str, str]]:
    """Everything a partition gets."""
    processors, memory = partition.processors, partition.memory
    ids = ", ".join(str(grant.apic_id) for grant in processors.grants)
    others = ", or others that are free" if processors.by_count else ""
    yield "processors", f"APIC IDs {ids}{others}", processors.place.short
    yield "memory", format_size(memory.size.value), memory.size.place.short
    for request in memory.requests:
        where = f"{request.minimum:#x} to {request.limit - 1:#x}"
        yield (
            "",
            f"{format_size(request.size)} in <code>{where}</code>: {markup(request.why)}",
            request.place.short,
        )
    for grant in partition.pci:
        asked = f", asked for as {markup(grant.asked)}" if grant.asked else ""
        yield (
            "PCI",
            f"<code>{grant.root_port.value}</code> as segment {grant.segment}{asked}",
            grant.root_port.place.short,
        )
        for function in grant.functions:
            serial = f", serial {function.serial}" if function.serial else ""
            title = f" {function.title}" if function.title else ""
            off = ", stays disabled: neither MSI nor MSI-X" if function in partition.disabled(grant) else ""
            name = f"{function.vendor:04x}:{function.device:04x}{title}{serial}{off}"
            yield "", markup(name), function.place.short
    console = partition.console
    name = describe_console(console)
    yield "console", markup(name), console.name.place.short if console is not None else ""
    if partition.display.value:
        yield "display", "its display function is its screen", partition.display.place.short
    if partition.isolation is not None:
        yield "isolation", partition.level, partition.isolation.place.short
    if partition.owns_chipset and partition.chipset is not None:
        yield "chipset", "everything that nobody else has", partition.chipset.place.short
    if partition.dma is not None:
        yield "dma", partition.dma.value, partition.dma.place.short
    yield from _boot_rows(partition)
    for name, text, place in describe_policy(partition.policy):
        yield name, markup(text), place


def _boot_rows(partition: PartitionPlan) -> Iterator[tuple[str, str, str]]:
    """What a partition boots."""
    for number, source in enumerate(partition.boot.sources, 1):
        name = "boot" if len(partition.boot.sources) == 1 else f"boot {number}"
        yield name, f"<code>{markup(describe_source(source))}</code>", source.place.short
        if isinstance(source, FileBoot):
            yield from _file_rows(source)
    timeout = partition.boot.timeout
    if timeout.value:
        yield "", f"{format_duration(timeout.value)} to choose another one", timeout.place.short
    for number, expected in enumerate(partition.boot.expected):
        name = "" if number else "own Linux"
        yield name, f"<code>{markup(expected.parameter)}</code>: {markup(expected.why)}", ""


def _file_rows(boot: FileBoot) -> Iterator[tuple[str, str, str]]:
    """What is known of a loader file, and what it is given."""
    loader = boot.file_facts.loader
    if loader is not None:
        linux = f"Linux {loader.linux.banner}" if loader.linux is not None else "no Linux kernel"
        yield "", markup(linux) + (", signed" if loader.signed else ", not signed"), ""
    if boot.initrd is not None:
        yield "initrd", f"<code>{markup(boot.esp_initrd or '')}</code>", boot.initrd.place.short
    if boot.owner_options is not None:
        yield "options", f"<code>{markup(boot.owner_options.value)}</code>", boot.owner_options.place.short
    for number, added in enumerate(boot.added_parameters):
        name = "" if number else "added"
        yield name, f"<code>{markup(added.parameter)}</code>: {markup(added.why)}", ""
