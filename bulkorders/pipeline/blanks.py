"""Blank templates onto disk."""

from pathlib import Path

from bulkorders.core.template import Template
from bulkorders.errors import UsageError, os_reason
from bulkorders.workbook.blank import write_blank


def write_template(template: Template, target: Path) -> None:
    """Writes a template's blank workbook. Raises UsageError where it cannot be written."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_blank(template, target)
    except OSError as error:
        zh, en = os_reason(error)
        raise UsageError(f"{target} 写不了：{zh}。", f"{target} cannot be written: {en}.") from error
