"""The remote systems: one folder each, found by being there."""

import importlib
import pkgutil
from functools import cache

from bulkorders.core.provider import Provider


def load_providers() -> dict[str, Provider]:
    """Every provider by name: the object `PROVIDER` of each folder here, and in folders that were added to this package's path."""
    return _load(tuple(__path__))


@cache
def _load(folders: tuple[str, ...]) -> dict[str, Provider]:
    names = sorted(found.name for found in pkgutil.iter_modules(folders) if found.ispkg)
    modules = (importlib.import_module(f"{__name__}.{name}") for name in names)
    return {module.PROVIDER.name: module.PROVIDER for module in modules}


def template_modules() -> list[str]:
    """The import names of the modules that hold the templates, for a process that loads them by name."""
    return [f"{type(provider).__module__}.fields" for provider in load_providers().values()]
