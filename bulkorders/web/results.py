"""The results workbook of a batch, written for whoever asks for it."""

from pathlib import Path

from starlette.responses import Response

from bulkorders.pipeline.preview import ENDING
from bulkorders.pipeline.report import report_batch, report_workbook
from bulkorders.pipeline.results import results_path, write_workbook

from .downloads import SentOnce, written
from .site import Site


async def results_of(site: Site, batch: str, who: str) -> Response:
    """Writes them in a child process and sends them. Raises UsageError where they cannot be written, a Problem."""
    site.sent.check(who)
    name, path = await site.in_child(who, lambda: _write(site, batch))
    return SentOnce(path, name, site.sent.take(who))


def _write(site: Site, batch: str) -> tuple[str, Path]:
    """The name for people, and where the workbook was written."""
    report = report_batch(site.app, batch)
    whole = report_workbook(site.app, report)
    source = Path(report.batch.file.replace("\\", "/"))
    name = (
        results_path(source, all(each.batch.is_test for each in whole)).name if report.batch.is_released else f"{source.stem}{ENDING}.xlsx"
    )
    return name, written(site.folder, lambda path: write_workbook(site.app, whole, path))
