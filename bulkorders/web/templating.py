"""The pages' templates: Jinja2 with autoescape, in one language at a time, and the addresses of the static files."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from bulkorders.core.words import Words

STATIC = Path(__file__).parent / "static"
"""Where scripts and styles lie; served at `/static`."""


@cache
def environment() -> Environment:
    """The templates. What a template asks for and is not given is a mistake, not a blank."""
    loader = PackageLoader("bulkorders.web", "templates")
    found = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    found.globals["asset"] = asset
    found.filters["number"] = number
    return found


def render_page(name: str, context: Mapping[str, Any]) -> str:
    """A page as HTML. `context["lang"]` is its language; templates say `say("中文", "English")`."""
    lang = str(context["lang"])

    def say(zh: str | Words, en: str = "") -> str:
        return zh.say(lang) if isinstance(zh, Words) else Words(zh, en).say(lang)

    return environment().get_template(name).render({"say": say, **context})


@cache
def asset(name: str) -> str:
    """The address of a static file, another one when its content is another: browsers may keep it for ever."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


def number(found: int) -> str:
    """A number with its thousands apart."""
    return f"{found:,}"
