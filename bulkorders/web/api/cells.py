"""The cells of a draft: looked at page by page, and corrected."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from bulkorders.core.words import Words
from bulkorders.journal.views import get_batch
from bulkorders.pipeline.corrections import Correction, correct, suggestions
from bulkorders.pipeline.grid import marks_of
from bulkorders.web.problems import Problem
from bulkorders.web.sessions import SignedInRoute, TheCaller, TheSite
from bulkorders.web.site import Site
from bulkorders.web.told import count_valid, marks_json

from .answers import V1, OwnBatch, answer, described
from .models import AskedCells, Cells, Grid, Rechecked

router = APIRouter(prefix=f"{V1}/batches/{{batch}}", tags=["cells"], route_class=SignedInRoute)
_NO_SHEET = Words("这份表格里没有这个工作表：请核对名字。", "The workbook has no such sheet: check its name.")


@router.get("/cells", responses=described(200, Grid, "Some rows", 409, 429))
async def read_cells(batch: OwnBatch, site: TheSite, caller: TheCaller, asked: Annotated[AskedCells, Query()]) -> Response:
    """A sheet's cells as people see them, with the corrections, and what is wrong with them."""
    return answer(await site.patiently(caller.user.name, lambda: _grid(site, batch, asked, caller.lang)))


def _grid(site: Site, batch: str, asked: AskedCells, lang: str) -> dict[str, Any]:
    sheets = get_batch(site.app.journal, batch).sheets
    sheet = next(iter(sheets), "") if asked.sheet is None else asked.sheet
    if sheet not in sheets:
        raise Problem(404, "no_sheet", _NO_SHEET)
    page = site.grids.page(site.app, batch, sheet, asked.first, asked.count)
    marks = marks_of(site.app, batch, sheet, asked.first, asked.first + asked.count - 1)
    return {
        "sheet": sheet, "columns": list(page.columns), "header_row": page.header_row, "first": page.first, "last": page.last,
        "fields": [letter for letter, _ in sheets[sheet].get("fields", {}).values()],
        "rows": [{"row": row, "cells": list(cells)} for row, cells in page.rows], "marks": marks_json(marks, lang),
    }  # fmt: skip


@router.patch("/cells", responses=described(200, Rechecked, "What became of the orders", 409, 429))
async def patch_cells(batch: OwnBatch, cells: Cells, site: TheSite, caller: TheCaller) -> Response:
    """Corrects cells of a draft, all or none; its workbook is checked again with them."""
    found = [Correction(cell.sheet, cell.row, cell.column, cell.text) for cell in cells]
    return answer(await site.patiently(caller.user.name, lambda: _corrected(site, batch, found, caller.user.name)))


@router.post("/suggestions", responses=described(200, Rechecked, "What became of the orders", 409, 429))
async def accept_suggestions(batch: OwnBatch, site: TheSite, caller: TheCaller) -> Response:
    """Takes all corrections of a draft that are sure."""
    return answer(await site.patiently(caller.user.name, lambda: _corrected(site, batch, suggestions(site.app, batch), caller.user.name)))


def _corrected(site: Site, batch: str, found: Sequence[Correction], who: str) -> dict[str, Any]:
    if found:
        correct(site.app, batch, found, who)
    return {"orders": count_valid(site.app, batch)}
