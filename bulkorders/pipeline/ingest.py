"""A file in: checked, grouped, routed, frozen, and written down as a draft."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bulkorders.core.cell import plain
from bulkorders.core.checked import Checked
from bulkorders.core.correction import Correction
from bulkorders.core.group import Orders, count_rows, group
from bulkorders.core.issue import Issue
from bulkorders.core.order import Order
from bulkorders.core.payload import build, fingerprint, identity
from bulkorders.core.provider import Account
from bulkorders.core.refusal import STRICT, Refusal, refuse
from bulkorders.core.result import Fate
from bulkorders.core.sent import row_elements
from bulkorders.core.words import Words
from bulkorders.errors import UsageError, os_reason
from bulkorders.journal.batches import add_drafts
from bulkorders.journal.kept import discard, keep
from bulkorders.journal.records import Draft, NewBatch
from bulkorders.providers import template_modules
from bulkorders.workbook.isolated import NO_LIMITS, Left, Limits, check_workbook, endless

from .app import App, find_provider, find_template, path_text
from .route import fitting, route
from .vet import Routes, Vetted, vet

SAID_ISSUES = 5
"""Errors of an order that its message names; all of them stand in the results."""


@dataclass(frozen=True)
class Checkup:
    """What a file says, read as one template: what was read, and its orders unless it was refused."""

    file: Path
    checked: Checked
    orders: Orders | None
    more: Sequence[Issue] = ()
    """What was found when its orders were given to accounts."""

    @property
    def refused(self) -> Refusal | None:
        """Why the file was refused, if it was."""
        return self.checked.refused

    @property
    def issues(self) -> Sequence[Issue]:
        """All there is to say, in the sheet's order."""
        return [*(self.orders.issues if self.orders else self.checked.issues), *self.more]


@dataclass(frozen=True)
class Ingested:
    """A checkup, and the draft that it became: None for a file that was refused or holds no order.

    `stopped`: gates of accounts that their remote refuses, and why.
    """

    checkup: Checkup
    batch: str | None
    refused: Refusal | None = None
    stopped: Mapping[str, Words] = field(default_factory=dict)


def check_file(
    path: Path, limits: Limits = NO_LIMITS, left: Left = endless, corrections: Sequence[Correction] = ()
) -> list[Checkup]:  # fmt: skip
    """Reads a file and checks it, once for each template in it. Raises UsageError for a file that cannot be opened.

    `limits`: those to warn of that differ from the templates' own, by template and field name; see `App.limits`. `left`: seconds until it
    has to be done. Raises BulkordersError where that is too soon.
    """
    import bulkorders.providers

    try:
        found = check_workbook(path, list(bulkorders.providers.__path__), template_modules(), limits, left, corrections)
    except OSError as error:
        raise UsageError(*cannot_open(path, error)) from error
    return [_checkup(path, checked) for checked in found]


def _checkup(path: Path, checked: Checked) -> Checkup:
    if checked.refused or checked.template is None:
        return Checkup(path, checked, None)
    return Checkup(path, checked, group(find_template(checked.template), checked))


def cannot_open(path: Path, error: OSError) -> tuple[str, str]:
    """Why a file cannot be read, in both languages."""
    if isinstance(error, FileNotFoundError):
        return f"找不到文件 {path}：请核对路径。", f"there is no file {path}."
    if isinstance(error, IsADirectoryError):
        return f"{path} 是文件夹：请写明里面的文件。", f"{path} is a folder: name a file."
    zh, en = os_reason(error)
    return f"文件 {path} 打不开：{zh}。", f"{path} cannot be opened: {en}."


@dataclass(frozen=True)
class Examined:
    """A file that was kept and checked, its orders given to accounts: nothing is written down yet, and no remote was asked."""

    path: Path
    content_hash: str
    parts: Sequence[tuple[Checkup, Routes]]
    refused: Refusal | None = None


@contextmanager
def examined(
    app: App, paths: Sequence[Path], *, account: str | None = None, strict: bool = False, template: str | None = None, left: Left = endless
) -> Iterator[list[Examined]]:  # fmt: skip
    """Keeps files and checks the kept copies; those of which no batch is made within the block are not kept.

    `template`: the only one whose orders are given to accounts. Raises UsageError (no such file, no account to choose), SettingsError,
    JournalError.
    """
    kept: list[str] = []
    try:
        found = []
        for path in paths:
            content_hash, copy = _keep(app, path)
            kept.append(content_hash)
            found.append(examine(app, path, copy, content_hash, account=account, strict=strict, template=template, left=left))
        yield found
    finally:
        for content_hash in kept:
            discard(app.journal, content_hash)


def _keep(app: App, path: Path) -> tuple[str, Path]:
    try:
        return keep(app.journal, path)
    except OSError as error:
        raise UsageError(*cannot_open(path, error)) from error


def examine(
    app: App, path: Path, copy: Path, content_hash: str, *, account: str | None = None, strict: bool = False, template: str | None = None,
    left: Left = endless, corrections: Sequence[Correction] = (),
) -> Examined:  # fmt: skip
    """Checks the kept copy of a file, known as `path`, with corrections laid over it, and gives its orders to accounts."""
    checkups = [replace(checkup, file=path) for checkup in check_file(copy, app.limits, left, corrections)]
    invalid = sum(len(found.orders.orders) - len(found.orders.valid) for found in checkups if found.orders) if strict else 0
    if invalid:
        return Examined(path, content_hash, [(checkup, {}) for checkup in checkups], refuse(STRICT, count=invalid))
    parts = []
    for checkup in checkups:
        routes = _route(app, checkup, account) if template in (None, checkup.checked.template) else {}
        parts.append((_with_found(checkup, routes), routes))
    return Examined(path, content_hash, parts)


def _with_found(checkup: Checkup, routes: Routes) -> Checkup:
    return replace(checkup, more=[issue for issue in routes.values() if isinstance(issue, Issue)])


def enter(
    app: App, file: Examined, *, strict: bool = False, by_whom: str | None = None, name: str | None = None, upload: str | None = None
) -> list[Ingested]:  # fmt: skip
    """Asks the remotes about a file's orders, and writes each template's down as a draft, all or none. Raises JournalError.

    `name`: what to call the file where it has no path of its own. `upload`: the one that becomes these drafts.
    """
    if file.refused:
        return [Ingested(checkup, None, checkup.refused or file.refused) for checkup, _ in file.parts]
    parts = vetted(app, file)
    if strict and (invalid := sum(len(checkup.more) for checkup, _ in parts)):
        return [Ingested(checkup, None, checkup.refused or refuse(STRICT, count=invalid)) for checkup, _ in parts]
    name = name or path_text(file.path.absolute())
    found = [_new_batch(app, checkup, each, name, file.content_hash, by_whom) for checkup, each in parts]
    # one transaction and one time for all batches of a workbook: they are told apart from those of another time by it
    added = [batch for batch in found if batch]
    if added:
        add_drafts(app.journal, added, app.clock.now(), upload)
    return [
        Ingested(checkup, batch.id, stopped=each.stopped) if batch else Ingested(checkup, None, checkup.refused)
        for batch, (checkup, each) in zip(found, parts, strict=True)
    ]


def vetted(app: App, file: Examined) -> list[tuple[Checkup, Vetted]]:
    """A file's checkups after the remotes were asked about their orders."""
    asked = [vet(app, checkup.orders, checkup.checked, routes) if checkup.orders else Vetted(routes) for checkup, routes in file.parts]
    return [(_with_found(checkup, found.routes), found) for (checkup, _), found in zip(file.parts, asked, strict=True)]


def _route(app: App, checkup: Checkup, named: str | None) -> Routes:
    """The account of each valid order, by its number."""
    if not checkup.orders or not checkup.orders.orders:
        return {}
    accounts = fitting(app.accounts, find_provider(checkup.orders.template.name), named)
    return {number: route(order, accounts, checkup.checked) for number, order in enumerate(checkup.orders.orders) if order.is_valid}


def _new_batch(app: App, checkup: Checkup, found: Vetted, file: str, content_hash: str, by_whom: str | None) -> NewBatch | None:
    """What a checkup becomes; None where it was refused or holds no order."""
    if not checkup.orders or not checkup.orders.orders:
        return None
    return drafted(app, checkup, found.routes, batch=app.new_batch_id(), file=file, content_hash=content_hash, by_whom=by_whom)


def drafted(
    app: App, checkup: Checkup, routes: Routes, *, batch: str, file: str, content_hash: str, by_whom: str | None = None
) -> NewBatch:  # fmt: skip
    """A checkup that was not refused as a draft of a name. Raises ValueError for one that was."""
    orders = checkup.orders
    if orders is None:
        raise ValueError("a refused file is no draft")
    return NewBatch(
        id=batch, file=file, content_hash=content_hash, template=orders.template.name,
        updatable=find_provider(orders.template.name).updates,
        is_test=any(account.is_test for account in routes.values() if isinstance(account, Account)) or app.is_test,
        rows=count_rows(checkup.checked, checkup.issues), sheets=known_sheets(checkup),
        drafts=[_draft(order, routes.get(number)) for number, order in enumerate(orders.orders)],
        issues=numbered(checkup.issues, orders), by_whom=by_whom,
    )  # fmt: skip


def known_sheets(checkup: Checkup) -> dict[str, Any]:
    """What the results need to know of each sheet: the header's row, each column's number format, the column and factor of each field.

    And which rows may be corrected: the first and the last one.
    """
    template = find_template(checkup.checked.template or "")
    return {
        sheet: {
            "header_row": checkup.checked.header_rows[sheet],
            "span": list(checkup.checked.spans[sheet]),
            "formats": {heading.letter: template[name].kind.number_format for name, heading in headings.items()},
            "fields": {name: [heading.letter, plain(heading.factor)] for name, heading in headings.items()},
        }
        for sheet, headings in checkup.checked.headings.items()
    }


def numbered(issues: Sequence[Issue], orders: Orders) -> list[tuple[int | None, Issue]]:
    """Each issue with the number of its order."""
    owners = {id(issue): number for number, order in enumerate(orders.orders) for issue in order.issues}
    by_display = {order.display: number for number, order in enumerate(orders.orders)}
    return [(owners.get(id(issue), by_display.get(issue.order or "")), issue) for issue in issues]


def _draft(order: Order, target: Account | Issue | None) -> Draft:
    """One order as it goes into the journal, its request frozen."""
    if not isinstance(target, Account):
        errors = [issue.message for issue in order.issues if issue.is_error] + ([target.message] if target else [])
        return Draft(order.display, order.labelled_key, order.places, fate=Fate.INVALID, message=join(errors))
    return Draft(
        display=order.display, key=order.labelled_key, places=order.places, elements=row_elements(order.root),
        account=target.name, gate=target.gate,
        identity=identity(target.principal, order), fingerprint=fingerprint(order),
        payload=target.provider.encode(build(order), target.settings),
    )  # fmt: skip


def join(messages: Sequence[Words]) -> Words:
    """Several sentences as one message, equal ones once."""
    unique = list(dict.fromkeys(messages))
    more = len(unique) - SAID_ISSUES
    zh = "".join(message.zh for message in unique[:SAID_ISSUES]) + (f"（另有 {more} 处）" if more > 0 else "")
    en = " ".join(message.en for message in unique[:SAID_ISSUES]) + (f" ({more} more)" if more > 0 else "")
    return Words(zh, en)
