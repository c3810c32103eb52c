"""Workbooks of many orders, made from the templates' own examples, and what they say once they were read."""

import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import openpyxl

from bulkorders.core.provider import Provider
from bulkorders.core.template import Template
from bulkorders.pipeline.ingest import Checkup, check_file
from bulkorders.providers import load_providers

NAMES = "R{}"


def names(orders: int) -> list[str]:
    """The numbers of a workbook's orders."""
    return [NAMES.format(number) for number in range(1, orders + 1)]


def write_book(
    template: Template, path: Path, orders: Sequence[str], changed: Mapping[str, Mapping[str, object]] | None = None
) -> Path:  # fmt: skip
    """A workbook with one row an order: the template's example under these numbers; `changed`: fields of some orders."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([field.label for field in template.fields])
    for order in orders:
        own = {template.display: order, **(changed or {}).get(order, {})}
        sheet.append([own.get(field.name, field.example) for field in template.fields])
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def read_book(provider: Provider, orders: int) -> Checkup:
    """What the program reads in such a workbook."""
    return _read_book(provider.name, orders)


@cache
def _read_book(provider: str, orders: int) -> Checkup:
    """Reading takes a process of its own, so it is done once for all tests."""
    (template,) = load_providers()[provider].templates
    with tempfile.TemporaryDirectory() as folder:
        (checkup,) = check_file(write_book(template, Path(folder) / "orders.xlsx", names(orders)))
    assert checkup.orders is not None
    assert len(checkup.orders.valid) == orders
    return checkup
