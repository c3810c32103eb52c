"""The blank workbooks to fill in."""

from fastapi import APIRouter
from starlette.responses import Response

from bulkorders.pipeline.app import all_templates
from bulkorders.web.blanks import blank_workbook
from bulkorders.web.sessions import SignedInRoute, TheCaller, TheSite

from .answers import V1, answer, described, workbook
from .models import Template

router = APIRouter(prefix=f"{V1}/templates", tags=["templates"], route_class=SignedInRoute)


@router.get("", responses=described(200, list[Template], "All of them"))
def list_templates(caller: TheCaller) -> Response:  # noqa: ARG001  # nobody but who is signed in
    """The templates."""
    return answer([{"name": each.name, "title": each.title, "unit": each.unit} for each in all_templates()])


@router.get("/{name}", responses=workbook("The blank workbook"))
def read_template(name: str, site: TheSite, caller: TheCaller) -> Response:  # noqa: ARG001  # nobody but who is signed in
    """One of them, as an Excel workbook."""
    return blank_workbook(site, name)
