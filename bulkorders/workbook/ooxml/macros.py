"""What a results workbook does not carry over: macros, and signatures that no longer hold."""

from .edits import UnsureError
from .package import ROOT, Package

_MAIN = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_OTHER_MAINS = frozenset({
    "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    "application/vnd.ms-excel.template.macroEnabled.main+xml",
    "application/vnd.ms-excel.addin.macroEnabled.main+xml",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml",
})  # fmt: skip
_PROJECT = "application/vnd.ms-office.vbaProject"
_MACRO_SHEETS = ("xlMacrosheet", "xlIntlMacrosheet")


def drop_macros(package: Package) -> None:
    """Takes out the macros; the workbook becomes an .xlsx."""
    if any(package.rels(package.workbook).of_kind(kind) for kind in _MACRO_SHEETS):
        raise UnsureError("a macro sheet")  # an .xlsx with one does not open
    for project in package.unrelate(package.workbook, "vbaProject"):
        for relation in list(package.rels(project).all.values()):
            if relation.target and package.has(relation.target):
                package.drop(relation.target)
        package.drop(project)
    for ending in package.types.endings_of(_PROJECT):
        if any(name.endswith("." + ending.lower()) and package.types.of(name) == _PROJECT for name in package.names()):
            raise UnsureError("parts that are called macros")
        package.types.remove_default(ending)
    content_type = package.types.of(package.workbook)
    if content_type in _OTHER_MAINS:
        package.types.set(package.workbook, _MAIN)
    elif content_type != _MAIN:
        raise UnsureError(f"a workbook of type {content_type}")


def drop_signatures(package: Package) -> None:
    """Takes out digital signatures."""
    for origin in package.unrelate(ROOT, "origin"):
        for relation in list(package.rels(origin).all.values()):
            if relation.target and package.has(relation.target):
                package.drop(relation.target)
        package.drop(origin)
