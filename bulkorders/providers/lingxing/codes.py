"""Closed lists of the outside world: markets, country codes (ISO 3166-1), currencies (ISO 4217)."""

MARKETS = {
    "美国": "US", "加拿大": "CA", "墨西哥": "MX", "英国": "UK", "德国": "DE", "法国": "FR", "意大利": "IT",
    "西班牙": "ES", "印度": "IN", "日本": "JP", "澳洲": "AU", "澳大利亚": "AU", "阿联酋": "AE", "新加坡": "SG",
    "荷兰": "NL", "沙特阿拉伯": "SA", "巴西": "BR", "瑞典": "SE", "波兰": "PL", "土耳其": "TR", "比利时": "BE",
}  # fmt: skip
"""Lingxing's names of Amazon's markets, and their codes. The list may grow."""

COUNTRY_CODES = tuple(
    (
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC "
        "CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD "
        "GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH "
        "KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW "
        "MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC "
        "SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UK UM US "
        "UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW "
    ).split()
)
"""Two letters; UK stands beside GB because merchants and Lingxing write it."""

CURRENCIES = tuple(
    (
        "USD CNY EUR GBP JPY CAD AUD MXN HKD SGD AED SAR INR BRL SEK PLN TRY CHF NZD KRW TWD THB MYR IDR PHP VND RUB ZAR NOK "
        "DKK CZK HUF RON BGN ILS EGP CLP COP PEN ARS KWD QAR BHD OMR JOD MOP AFN ALL AMD ANG AOA AWG AZN BAM BBD BDT BIF BMD "
        "BND BOB BSD BTN BWP BYN BZD CDF CRC CUP CVE DJF DOP DZD ERN ETB FJD FKP GEL GHS GIP GMD GNF GTQ GYD HNL HTG IQD IRR "
        "ISK JMD KES KGS KHR KMF KPW KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MRU MUR MVR MWK MZN NAD NGN NIO "
        "NPR PAB PGK PKR PYG RSD RWF SBD SCR SDG SHP SLE SOS SRD SSP STN SVC SYP SZL TJS TMT TND TOP TTD TZS UAH UGX UYU UZS "
        "VES VUV WST XAF XCD XOF XPF YER ZMW ZWG "
    ).split()
)
"""Three letters."""

CURRENCY_WORDS = {
    "美元": "USD", "美金": "USD", "$": "USD", "人民币": "CNY", "rmb": "CNY", "￥": "CNY", "¥": "CNY",
    "欧元": "EUR", "€": "EUR", "英镑": "GBP", "£": "GBP", "日元": "JPY", "加元": "CAD", "澳元": "AUD",
    "港币": "HKD", "港元": "HKD", "墨西哥比索": "MXN",
}  # fmt: skip
"""What people type for a currency."""
