"""Which account an order goes to: the one that names it, else the only one that takes all."""

from collections.abc import Mapping, Sequence

from bulkorders.core import codes
from bulkorders.core.checked import Checked
from bulkorders.core.group import Orders
from bulkorders.core.issue import Issue, Problem, issue_at
from bulkorders.core.order import Order
from bulkorders.core.provider import Account, Provider
from bulkorders.errors import UsageError


def fitting(accounts: Mapping[str, Account], provider: Provider, named: str | None) -> list[Account]:
    """The accounts of a provider, or the one that was named. Raises UsageError where there is none to choose from."""
    own = [account for account in accounts.values() if account.provider is provider]
    if named is not None:
        own = [account for account in own if account.name == named]
        if not own:
            raise UsageError(
                f"账号 {named} 不是{provider.title}的账号，请用 --account 换一个。",
                f"account {named} is none of {provider.title}: choose another with --account.",
            )
    if not own:
        raise UsageError(
            f"还没有配置{provider.title}的账号：请在 bulkorders.toml 里加上，再用 --account 指定；想先试一试可以加 --sandbox。",
            f"no account of {provider.title} is configured: add one and name it with --account, or try --sandbox.",
        )
    return own


def route(order: Order, accounts: Sequence[Account], checked: Checked) -> Account | Issue:
    """The account of one order, or the issue that nobody takes it. Raises UsageError where several fit."""
    answers = [(account, account.provider.serves(account.settings, order)) for account in accounts]
    takers = [account for account, serves in answers if serves] or [account for account, serves in answers if serves is None]
    if len(takers) == 1:
        return takers[0]
    if takers:
        names = "、".join(account.name for account in takers)
        raise UsageError(
            f"有几个账号都可以用（{names}）：请用 --account 指定一个。", f"several accounts fit ({names}): name one with --account."
        )
    return _nobody(order, checked)


def _nobody(order: Order, checked: Checked) -> Issue:
    """The issue at the first key cell of the order."""
    first = order.template.root.keys[0]
    place = order.places[0]
    heading = checked.heading(place.sheet, first.name)
    return issue_at(
        Problem(codes.NO_ACCOUNT),
        sheet=place.sheet, row=place.row, column=heading.letter if heading else None,
        label=heading.label if heading else first.label, field=first.name, value=order.key[first.name], order=order.display,
    )  # fmt: skip


def fitting_ones(orders: Orders, accounts: Mapping[str, Account], named: str | None) -> dict[int, Account | None]:
    """For a check, which never routes: the account of each order where exactly one fits, by the order's number."""
    provider = orders.template
    own = [account for account in accounts.values() if provider in account.provider.templates and named in (None, account.name)]
    found: dict[int, Account | None] = {}
    for number, order in enumerate(orders.orders):
        takers = [account for account in own if account.provider.serves(account.settings, order) is not False]
        found[number] = takers[0] if len(takers) == 1 else None
    return found
