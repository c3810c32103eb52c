"""In which language a request is answered."""

from starlette.requests import HTTPConnection

COOKIE = "lang"
LANGUAGES = ("zh", "en")


def lang_of(request: HTTPConnection) -> str:
    """What the address says, else what was chosen before; of the API what the caller asks for first; else Chinese.

    Many a merchant's Windows is an English one: what his browser asks for says nothing of the language that he reads.
    """
    for said in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if said in LANGUAGES:
            return str(said)
    if not request.url.path.startswith("/api/"):
        return "zh"
    first = request.headers.get("accept-language", "").partition(",")[0].strip().casefold()
    return "en" if first.partition("-")[0].partition(";")[0] == "en" else "zh"
