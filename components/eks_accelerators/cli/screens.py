"""Reports as tables for a terminal and as lines for a log."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

from rich import box
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ..model import catalogue
from ..model.catalogue import InstanceType
from ..model.feasibility import Choice, Excluded, PodReport, PoolReport, Verdict
from ..model.feasibility.quantities import text as quantity

_SHOWN: Final = 12
"""Rows of choices that a table shows before it counts the rest."""
_NAMED: Final = 3
"""Types that an excluded group names before it counts the rest."""


def pools_table(reports: Sequence[PoolReport]) -> RenderableType:
    """All pools, one row each."""
    table = _table("pool", "types", "cheapest", "$/h", "bought as", "nodes", "devices")
    for report in reports:
        table.add_row(report.pool, str(len(report.choices)), *_summary(report))
    return Group(table, *_notes({report.pool: report.notes for report in reports}))


def _summary(report: PoolReport) -> list[str]:
    cheapest = report.cheapest
    if cheapest is None:
        return ["[red]none[/]"]
    name, price, kinds, _, *rest = _choice(cheapest)
    return [name, price, kinds, *rest]


def _choice(choice: Choice) -> list[str]:
    return [
        choice.type,
        _price(choice.price),
        ", ".join(choice.capacity_types),
        _zones(choice.zones),
        "any" if choice.nodes is None else f"≤ {choice.nodes} ({_short(choice.stopped_by or '')})",
        ", ".join(f"{count} {_short(name)}" for name, count in choice.devices.items()),
    ]


def pool_screen(report: PoolReport) -> RenderableType:
    """One pool: what it launches, and why everything else is out."""
    choices = _table("type", "$/h", "bought as", "zones", "nodes", "devices", title=f"{report.pool} launches")
    for choice in report.choices[:_SHOWN]:
        choices.add_row(*_choice(choice))
    rest = len(report.choices) - _SHOWN
    excluded = _table("out", "of what the pool asks, the first that they miss", "such as", title="everything else")
    for group in report.excluded:
        excluded.add_row(str(len(group.types)), escape(f"{group.kind}: {group.rule}"), _some(group))
    more = [Text(f"and {rest} dearer types", "dim")] if rest > 0 else []
    return Group(choices, *more, excluded, *_notes({report.pool: report.notes}))


def pod_screen(report: PodReport) -> RenderableType:
    """One pod: a row for each pool."""
    wanted = ", ".join(f"{name} {need}" for name, need in report.requests.items() if name != "pods")
    table = _table(
        "pool", "", "which, or why not", "what to change", title=f"{report.pod} requests {wanted or 'nothing'}"
    )
    for verdict in sorted(report.verdicts, key=lambda each: not each.fits):
        mark = "[green]fits[/]" if verdict.fits else "[red]no[/]"
        table.add_row(verdict.pool, mark, *map(escape, _verdict(verdict)))
    end = f"[green]{report.chosen}[/] launches it" if report.chosen else "[red]stays pending[/]"
    notes = {verdict.pool: verdict.notes for verdict in report.verdicts}
    return Group(table, Text.from_markup(f"→ {end}"), *_notes({report.pod: report.notes, **notes}))


def _verdict(verdict: Verdict) -> tuple[str, str]:
    if verdict.obstacle is not None:
        return verdict.obstacle.rule, verdict.obstacle.fix
    cheapest = verdict.cheapest
    found = "" if cheapest is None else f"{cheapest.type}, {_price(cheapest.price)} $/h, {_zones(verdict.zones)}"
    others = len(verdict.types) - 1
    given_up = f"; gives up {' and '.join(verdict.relaxed)}" if verdict.relaxed else ""
    return found + (f" and {others} more types" if others > 0 else "") + given_up, ""


def pool_lines(report: PoolReport) -> Iterator[str]:
    """One pool as lines that begin with its name."""
    for choice in report.choices:
        name, *facts = _choice(choice)
        yield f"{report.pool}: launches {name}: {'; '.join(fact for fact in facts if fact)}"
    for group in report.excluded:
        yield f"{report.pool}: {len(group.types)} types out, {group.kind}: {group.rule} ({_some(group)})"
    yield from (f"{report.pool}: note: {note}" for note in report.notes)


def pod_lines(report: PodReport) -> Iterator[str]:
    """One pod as lines that begin with its name."""
    for verdict in report.verdicts:
        what, fix = _verdict(verdict)
        answer = f"fits: {what}" if verdict.fits else f"no: {what}; {fix}"
        yield f"{report.pod}: {verdict.pool}: {answer}"
        yield from (f"{report.pod}: {verdict.pool}: note: {note}" for note in verdict.notes)
    yield f"{report.pod}: {f'launched from {report.chosen}' if report.chosen else 'stays pending'}"
    yield from (f"{report.pod}: note: {note}" for note in report.notes)


def family_table(instances: Sequence[InstanceType], region: str) -> RenderableType:
    """A family of instance types, one row each."""
    columns: Mapping[str, Callable[[InstanceType], object]] = {
        "type": lambda each: each.name,
        "vCPU": lambda each: each.vcpus,
        "GiB": lambda each: f"{each.memory_mib / 1024:g}",
        "devices": _devices,
        "EFA": lambda each: each.efa_interfaces or "",
        "NVMe GB": lambda each: each.nvme_gb or "",
        "pods": lambda each: catalogue.allocatable(each).get("pods", 0),
        "zones": lambda each: _zones(sorted(catalogue.zones(each.name, region))),
        "$/h": lambda each: _price(catalogue.price(each.name, region)),
    }
    table = _table(*columns, title=f"{instances[0].architecture} in {region}")
    for instance in instances:
        table.add_row(*(str(cell(instance)) for cell in columns.values()))
    return Group(table, _origin(region))


def type_screen(instance: InstanceType, region: str) -> RenderableType:
    """One instance type: where, at what price, its labels, and what a node of it offers."""
    zones = ", ".join(sorted(catalogue.zones(instance.name, region))) or "nowhere"
    price = _price(catalogue.price(instance.name, region))
    head = Text(f"{instance.name}: {', '.join(instance.usage_classes)}; {zones}; {price} $/h on demand")
    labels = _table("label", "value")
    for key, value in sorted(catalogue.labels(instance).items()):
        labels.add_row(key, value)
    offer = _table("resource", "capacity", "allocatable", title="Amazon Linux 2023, 20Gi root volume, no DaemonSets")
    allocatable = catalogue.allocatable(instance)
    for resource, amount in catalogue.capacity(instance).items():
        offer.add_row(resource, quantity(resource, amount), quantity(resource, allocatable[resource]))
    cards = _table("network card", "interfaces", "EFA", "Gbit/s")
    for indexes, card in _alike(instance):
        cards.add_row(indexes, *card)
    return Group(head, labels, offer, cards, _origin(region))


def _alike(instance: InstanceType) -> Iterator[tuple[str, tuple[str, str, str]]]:
    """Network cards with the same properties, by the range of their indexes."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    for card in instance.cards:
        properties = (str(card.interfaces), "yes" if card.efa else "no", f"{card.gbps:g}")
        groups.setdefault(properties, []).append(card.index)
    for properties, indexes in groups.items():
        yield f"{indexes[0]} to {indexes[-1]}" if len(indexes) > 1 else str(indexes[0]), properties


def _devices(instance: InstanceType) -> str:
    found = (*instance.gpus, *(instance.neuron or instance.accelerators))
    return ", ".join(f"{device.count} {device.name} of {device.memory_mib / 1024:.0f} GiB" for device in found)


def _origin(region: str) -> Text:
    listed, sources = catalogue.price_list(region), catalogue.current().sources
    return Text(f"Prices: {listed.region}, {listed.date}. Types: {sources['types']}.", "dim")


def _table(*columns: str, title: str | None = None) -> Table:
    table = Table(title=title and escape(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for column in columns:
        justify = "right" if column in _NUMBERS else "left"
        table.add_column(column, justify=justify, no_wrap=column in _WHOLE, overflow="fold")
    return table


_NUMBERS: Final = frozenset({"types", "$/h", "out", "vCPU", "GiB", "EFA", "NVMe GB", "pods", "capacity", "allocatable"})
_WHOLE: Final = _NUMBERS | {"pool", "type", "cheapest", "bought as", "zones", "nodes"}
"""Columns that are copied or compared, hence never broken."""


def _notes(notes: Mapping[str, Iterable[str]]) -> Iterator[Text]:
    for name, said in notes.items():
        yield from (Text(f"{name}: {note}", "yellow") for note in said)


def _some(group: Excluded) -> str:
    rest = len(group.types) - _NAMED
    return ", ".join(group.types[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _price(price: Decimal | Fraction | None) -> str:
    return "?" if price is None else f"{float(price):.3f}"


def _zones(zones: Sequence[str]) -> str:
    """Zones of one region, such as `us-west-2a, b, c`."""
    region = zones[0][:-1] if zones else ""
    same = all(zone.startswith(region) for zone in zones)
    return ", ".join([*zones[:1], *(zone.removeprefix(region) for zone in zones[1:])]) if same else ", ".join(zones)


def _short(resource: str) -> str:
    return resource.rpartition("/")[2]
