"""Blank templates for who asks for one."""

from starlette.responses import Response

from bulkorders.pipeline.app import all_templates

from .downloads import remove, workbook_bytes, written
from .problems import nothing_there
from .site import Site


def blank_workbook(site: Site, name: str) -> Response:
    """A template's blank workbook, written once and kept. Raises a Problem where there is no such template."""
    template = next((each for each in all_templates() if each.name == name), None)
    if template is None:
        raise nothing_there()
    if name not in site.blanks:
        from bulkorders.pipeline.blanks import write_template  # openpyxl is not needed for anything else in this process

        path = written(site.folder, lambda path: write_template(template, path))
        try:
            site.blanks[name] = path.read_bytes()
        finally:
            remove(path)
    return workbook_bytes(f"{template.title}.xlsx", site.blanks[name])
