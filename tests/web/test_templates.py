"""Rules that all templates, scripts and styles keep: nothing inline, nothing unescaped, nothing from elsewhere."""

import re
from pathlib import Path

import pytest

from bulkorders.web.templating import STATIC, asset, environment

TEMPLATES = sorted((STATIC.parent / "templates").glob("*.html"))
SCRIPTS = sorted(STATIC.glob("*.js"))


def names(paths: list[Path]) -> list[str]:
    """How a file is called in the list of tests."""
    return [path.name for path in paths]


@pytest.mark.parametrize("path", TEMPLATES, ids=names(TEMPLATES))
def test_no_template_says_that_a_text_is_safe(path: Path) -> None:
    """Every text is escaped, wherever it comes from."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\|\s*safe\b|autoescape|Markup", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=names(TEMPLATES))
def test_no_template_has_scripts_or_styles_within(path: Path) -> None:
    """The policy of the page would not run them; none is written that needs another policy."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+\s*=|javascript:", text, re.IGNORECASE)
    for script in re.findall(r"<script[^>]*>.*?</script>", text, re.DOTALL):
        assert re.fullmatch(r"<script type=\"module\" src=\"\{\{ asset\('[a-z]+\.js'\) \}\}\"></script>", script), script


@pytest.mark.parametrize("path", TEMPLATES, ids=names(TEMPLATES))
def test_every_form_that_changes_something_carries_the_token(path: Path) -> None:
    """Without it the server refuses the form."""
    text = path.read_text(encoding="utf-8")
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", text, re.DOTALL):
        assert 'name="csrf" value="{{ csrf }}"' in form, form[:120]


@pytest.mark.parametrize("path", TEMPLATES, ids=names(TEMPLATES))
def test_no_template_overrules_what_the_server_says_of_referrers(path: Path) -> None:
    """With no-referrer browsers send `Origin: null` along with our own forms, and the server refuses them."""
    assert not re.search(r"name=\"referrer\"|referrerpolicy|noreferrer", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SCRIPTS, ids=names(SCRIPTS))
def test_no_script_makes_markup_out_of_text(path: Path) -> None:
    """Texts go in as text; nothing is run that was not shipped."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|createContextualFragment|setHTML", text
    )
    assert not re.search(r"setTimeout\(\s*[\"'`]|setInterval\(\s*[\"'`]", text)


@pytest.mark.parametrize("path", [*TEMPLATES, *SCRIPTS, *STATIC.glob("*.css")], ids=lambda path: path.name)
def test_nothing_is_fetched_from_elsewhere(path: Path) -> None:
    """All that a page needs is shipped."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"(?:src|href|url|import|from)\s*[=(]?\s*[\"']?(?:https?:)?//", text)


def test_a_script_imports_only_what_is_shipped() -> None:
    """A name that is not there would leave the page dead."""
    for path in SCRIPTS:
        for name in re.findall(r"from \"\./([^\"]+)\"", path.read_text(encoding="utf-8")):
            assert (STATIC / name).is_file(), f"{path.name}: {name}"


def test_every_template_can_be_compiled() -> None:
    """Those that are included or imported, too."""
    for path in TEMPLATES:
        environment().get_template(path.name)


def test_the_address_of_a_static_file_says_which_content_it_has() -> None:
    """A new release is never shown with an old script."""
    assert re.fullmatch(r"/static/app\.css\?v=[0-9a-f]{12}", asset("app.css"))
    assert asset("app.css") != asset("base.js")


def test_the_words_of_both_languages_are_there() -> None:
    """Chinese comes first, and is never said in English pages: `say` is given both."""
    for path in TEMPLATES:
        text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        outside = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", text, flags=re.DOTALL)
        assert not re.search(r"[\u4e00-\u9fff]", outside), path.name
