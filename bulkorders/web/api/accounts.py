"""The accounts that orders can go to."""

from fastapi import APIRouter
from starlette.responses import Response

from bulkorders.journal.gate import paused_at
from bulkorders.web.sessions import SignedInRoute, TheCaller, TheSite

from .answers import V1, answer, described
from .models import Account

router = APIRouter(prefix=f"{V1}/accounts", tags=["accounts"], route_class=SignedInRoute)


@router.get("", responses=described(200, list[Account], "All of them"))
def list_accounts(site: TheSite, caller: TheCaller) -> Response:  # noqa: ARG001  # nobody but who is signed in
    """The accounts by name; nothing secret."""
    return answer(
        [
            {
                "name": account.name, "provider": account.provider.title, "is_test": account.is_test,
                "paused": paused_at(site.app.journal, account.gate) is not None,
            }
            for account in site.app.accounts.values()
        ]
    )  # fmt: skip
