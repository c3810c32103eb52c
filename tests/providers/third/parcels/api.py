"""The client of the invented remote: a key in a header, one call that creates, one that tells."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.core.provider import Clock
from bulkorders.core.words import Words
from bulkorders.remote.classify import classify_failure, classify_status, one_line, read_code
from bulkorders.remote.client import Answer, Client, Failure
from bulkorders.remote.pace import Pace
from bulkorders.remote.reads import ask
from bulkorders.settings import AccountSettings, read_secret

PARCELS = "/parcels"
CUSTOMER = "/customer"
REFUSED = frozenset({409, 422})
"""What is wrong lies in the parcel: it was not taken."""
_REFUSED = Words("平台拒绝了这个包裹：{said}。", "The remote refused it: {said}.")
_UNREADABLE = Words("平台的回答看不懂", "the answer cannot be read")


class ParcelsSettings(AccountSettings):
    """An account: who we are, and the key that proves it."""

    base_url: str = "https://api.parcels.example"
    customer: str
    api_key: SecretStr


def read_settings(raw: Mapping[str, Any]) -> ParcelsSettings:
    """An account's table, validated; the key may lie in a file. Raises pydantic.ValidationError, SettingsError."""
    return ParcelsSettings.model_validate(read_secret(raw, "api_key"))


class ParcelsApi:
    """The remote of one account."""

    def __init__(self, settings: ParcelsSettings, clock: Clock) -> None:
        pace = Pace(settings.max_per_second, clock) if settings.max_per_second else None
        self._client = Client(settings.base_url, settings.read_timeout, pace)
        self._client.hide(settings.api_key.get_secret_value())
        self._headers = {"X-Api-Key": settings.api_key.get_secret_value(), "Content-Type": "application/json"}

    def create(self, payload: bytes) -> Outcome:
        """Sends one parcel."""
        return _classify(self._call("POST", PARCELS, payload), 201)

    def look_up(self, payload: bytes) -> Outcome:
        """What the remote has of the parcel's number."""
        number = json.loads(payload)["number"]
        answer = self._read(f"{PARCELS}/{quote(number, safe='')}")
        if isinstance(answer, Answer) and answer.status == 404 and _error(answer)[0] == "unknown":
            return Outcome(Verdict.ABSENT, "unknown", Words("平台上没有这个包裹。", "The remote does not have it."))
        return _classify(answer, 200)

    def test(self) -> Outcome | Sequence[Words]:
        """The customer's name."""
        answer = self._read(CUSTOMER)
        if isinstance(answer, Failure):
            return classify_failure(answer)
        body = answer.json()
        if answer.status != 200 or not isinstance(body, dict):
            return classify_status(answer) or Outcome(Verdict.UNCLEAR, message=_UNREADABLE)
        return [Words(one_line(str(body.get("name"))), one_line(str(body.get("name"))))]

    def close(self) -> None:
        """Ends the connections."""
        self._client.close()

    def _read(self, path: str) -> Answer | Failure:
        answer = ask(lambda: self._call("GET", path), self._client.seconds)
        assert not isinstance(answer, Outcome)
        return answer

    def _call(self, method: str, path: str, body: bytes | None = None) -> Answer | Failure:
        return self._client.call(method, path, headers=self._headers, content=body)


def _classify(answer: Answer | Failure, well: int) -> Outcome:
    """What an answer proves about the parcel; `well` is the status of a good one."""
    if isinstance(answer, Failure):
        return classify_failure(answer)
    if answer.status in REFUSED:
        code, text = _error(answer)
        return Outcome(Verdict.REJECTED, code).quoting(_REFUSED, text)
    body = answer.json()
    if answer.status == well and isinstance(body, dict) and isinstance(body.get("parcel"), str):
        found = Outcome(Verdict.CREATED, str(well), remote_id=one_line(body["parcel"]))
        return replace(found, tracking_number=one_line(str(body["tracking"])), carrier="包裹站") if body.get("tracking") else found
    return classify_status(answer) or Outcome(Verdict.UNCLEAR, str(answer.status), _UNREADABLE)


def _error(answer: Answer) -> tuple[str, str]:
    body = answer.json()
    said = body if isinstance(body, dict) else {}
    return read_code(said.get("error")) or str(answer.status), one_line(str(said.get("text", "")))
