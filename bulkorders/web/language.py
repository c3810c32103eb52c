"""In which language a request is answered."""

from starlette.requests import HTTPConnection

COOKIE = "lang"
LANGUAGES = ("zh", "en")


def lang_of(request: HTTPConnection) -> str:
    """What the address says, else what was chosen before, else what the browser asks for first; Chinese where nothing is said."""
    for said in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if said in LANGUAGES:
            return str(said)
    first = request.headers.get("accept-language", "").partition(",")[0].strip().casefold()
    return "en" if first.partition("-")[0].partition(";")[0] == "en" else "zh"
