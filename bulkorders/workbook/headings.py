"""The headings of a template's columns: their texts, and colours by level."""

from collections.abc import Iterator
from typing import Any

from bulkorders.core.field import Field
from bulkorders.core.template import Level, Template

MARK = "*"
"""Before the labels of required fields."""
COLOURS = 4
"""How many levels have a colour of their own."""


def levels(level: Level) -> Iterator[Level]:
    """A level and all within."""
    yield level
    for child in level.children:
        yield from levels(child)


def colours_of(template: Template) -> dict[str, int]:
    """The number of each level's colour by its path."""
    return {level.path: min(number, COLOURS - 1) for number, level in enumerate(levels(template.root))}


def heading_of(field: Field) -> str:
    """The text of a field's heading."""
    return f"{MARK}{field.label}" if field.required else field.label


def template_columns(template: Template) -> list[dict[str, Any]]:
    """A template's columns as plain JSON, for a sheet in its form that is written where templates are not known."""
    colours = colours_of(template)
    return [
        {
            "field": field.name,
            "heading": heading_of(field),
            "number_format": field.kind.number_format,
            "colour": colours[field.level],
            "is_required": field.required,
            "is_identifier": field.kind.is_identifier,
            "is_amount": field.kind.is_amount,
        }
        for field in template.fields
    ]
