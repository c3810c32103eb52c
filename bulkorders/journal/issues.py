"""Some of a batch's issues: those of a part of a sheet, of some codes, the first of a severity. A large batch has a hundred thousand."""

from collections.abc import Collection

from sqlalchemy import func, select

from bulkorders.core.issue import Issue, Severity

from .journal import Journal
from .tables import issues, placements
from .views import issue_of


def issues_between(journal: Journal, batch: str, sheet: str, first_row: int, last_row: int) -> list[Issue]:
    """The issues at some rows of a sheet, in the workbook's order."""
    there = issues.c.batch == batch, issues.c.sheet == sheet, issues.c.row.between(first_row, last_row)
    with journal.read() as connection:
        return [issue_of(row, None) for row in connection.execute(select(issues).where(*there).order_by(issues.c.id))]


def issues_of_codes(journal: Journal, batch: str, codes: Collection[str], most: int) -> list[Issue]:
    """The first issues of some codes that stand at a cell, in the workbook's order."""
    of_codes = issues.c.batch == batch, issues.c.code.in_(codes), issues.c.row.is_not(None), issues.c.column.is_not(None)
    with journal.read() as connection:
        return [issue_of(row, None) for row in connection.execute(select(issues).where(*of_codes).order_by(issues.c.id).limit(most))]


def count_by_sheet(journal: Journal, batch: str) -> dict[tuple[Severity, str | None], int]:
    """How many issues of each severity a batch has on each sheet; None stands for those of no sheet."""
    counted = select(issues.c.severity, issues.c.sheet, func.count().label("number")).where(issues.c.batch == batch)
    with journal.read() as connection:
        rows = connection.execute(counted.group_by(issues.c.severity, issues.c.sheet))
        return {(Severity(row.severity), row.sheet): row.number for row in rows}


def first_issues(journal: Journal, batch: str, severity: Severity, most: int) -> list[Issue]:
    """The first issues of a severity, in the workbook's order, with their orders."""
    of_order = (placements.c.batch == issues.c.batch) & (placements.c.position == issues.c.position)
    found = select(issues, placements.c.display).outerjoin(placements, of_order)
    chosen = issues.c.batch == batch, issues.c.severity == severity.value
    with journal.read() as connection:
        rows = connection.execute(found.where(*chosen).order_by(issues.c.id).limit(most))
        return [issue_of(row, row.display) for row in rows]
