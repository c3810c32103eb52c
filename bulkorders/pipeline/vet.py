"""Before the first create: orders that the remote could never take, such as those of a store that it does not have."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bulkorders.core.checked import Checked
from bulkorders.core.group import Orders
from bulkorders.core.issue import Issue, issue_at
from bulkorders.core.order import Order
from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.core.provider import Account, Vets
from bulkorders.core.template import Finding
from bulkorders.core.words import Words
from bulkorders.journal.tokens import Tokens

from .app import App

Routes = Mapping[int, Account | Issue]
"""The account of each valid order, by its number; or the issue that keeps it from being sent."""


@dataclass(frozen=True)
class Vetted:
    """The routes after their remotes were asked. `stopped`: gates of accounts that the remote refuses, and why."""

    routes: Routes
    stopped: Mapping[str, Words] = field(default_factory=dict)


def vet(app: App, orders: Orders, checked: Checked, routes: Routes) -> Vetted:
    """Asks the remote of each account about its orders; a remote that cannot be asked now is asked by the first call that counts."""
    vetted = Vetted(routes)
    for account in dict.fromkeys(account.name for account in routes.values() if isinstance(account, Account)):
        vetted = _vet_account(app, app.accounts[account], orders, checked, vetted)
    return vetted


def _vet_account(app: App, account: Account, orders: Orders, checked: Checked, vetted: Vetted) -> Vetted:
    api = account.provider.connect(account, Tokens(app.journal), app.clock)
    numbers = [number for number, route in vetted.routes.items() if isinstance(route, Account) and route.name == account.name]
    try:
        found = api.vet([orders.orders[number] for number in numbers]) if isinstance(api, Vets) else []
    finally:
        api.close()
    if isinstance(found, Outcome):
        is_refused = found.verdict is Verdict.STOPPED and found.reason is not None
        return replace(vetted, stopped={**vetted.stopped, account.gate: found.reason}) if is_refused and found.reason else vetted
    wrong = {numbers[at]: _issue(orders.orders[numbers[at]], finding, checked) for at, finding in found}
    return replace(vetted, routes={**vetted.routes, **wrong})


def _issue(order: Order, finding: Finding, checked: Checked) -> Issue:
    """What was found, at the order's first cell of that field."""
    place = order.places[0]
    heading, field_ = checked.heading(place.sheet, finding.field), order.template[finding.field]
    return issue_at(
        finding.problem,
        sheet=place.sheet, row=place.row, column=heading.letter if heading else None, label=heading.label if heading else field_.label,
        field=finding.field, value=str(order.root.values[finding.field]), order=order.display,
    )  # fmt: skip
