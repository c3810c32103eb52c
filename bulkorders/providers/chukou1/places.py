"""Where Amazon's warehouses are: a warehouse code begins with the letters of an airport nearby (IATA), or `X` and the country."""

_AIRPORTS = {
    "英国": "LTN EDI BHX MAN EMA LBA DSA CWL BRS GLA MME NCL EUK XUK",
    "德国": "LEJ DTM FRA CGN STR MUC HAM BER EDE DUS PAD HAJ ERF XDE",
    "法国": "ORY LIL MRS LYS BVA CDG ETZ XFR",
    "意大利": "MXP FCO TRN BLQ BGY VRN XIT",
    "西班牙": "MAD BCN VLC SVQ OVD RMU ZAZ XES",
    "波兰": "WRO POZ KTW LCJ SZZ XPL",
    "捷克": "PRG",
    "荷兰": "RTM AMS",
    "瑞典": "ARN",
    "澳大利亚": "BWU SYD MEL PER BNE",
    "美国": "ABE ONT PHX LGB SNA FTW DFW IND MDW CLT TEB EWR ABQ BFI GYR LAS SBD SCK SMF RFD ORD CMH ATL BNA JFK LAX IAH MCO",
    "加拿大": "YYZ YVR YYC YOW YEG YHM YGK YXU",
    "日本": "NRT KIX HND FSZ NGO HSG TYO TPF XJP",
}  # fmt: skip
_MARKETS = {airport: market for market, airports in _AIRPORTS.items() for airport in airports.split()}
WITHOUT_ASIN = frozenset({"美国", "加拿大", "日本"})
"""Markets whose shipments need no ASIN. Source: the vendor's page of SkuInfo."""


def market_of(warehouse: str) -> str | None:
    """The market of a warehouse code such as `LTN4`; None where it is not known."""
    return _MARKETS.get(warehouse[:3].upper())
