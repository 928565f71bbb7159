"""Who administers and who claims an area, from the words of Natural Earth's ``NOTE_BRK``.

"Admin. by Russia; Claimed by Ukraine": names become ISO 3166-1 alpha-3, or Natural Earth's letters where ISO has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CODES = {
    "Argentina": "ARG", "Azer.": "AZE", "Azerbaijan": "AZE", "Bhutan": "BTN", "Bolivia": "BOL", "Brazil": "BRA",
    "Belize": "BLZ", "Brunei": "BRN", "Canada": "CAN", "Chile": "CHL", "China": "CHN", "Colombia": "COL",
    "Columbia": "COL", "Comoros": "COM", "Cuba": "CUB", "Cyprus": "CYP", "Denmark": "DNK", "Egypt": "EGY",
    "Equatorial Guinea": "GNQ", "France": "FRA", "Gabon": "GAB", "Georgia": "GEO", "Guatemala": "GTM",
    "Guyana": "GUY", "Haiti": "HTI", "Honduras": "HND", "Iceland": "ISL", "India": "IND", "Iran": "IRN",
    "Ireland": "IRL", "Israel": "ISR", "Jamaica": "JAM", "Japan": "JPN", "Kazakhstan": "KAZ", "Kenya": "KEN",
    "Lebanon": "LBN", "Madagascar": "MDG", "Malaysia": "MYS", "Marshall Islands": "MHL", "Mauritius": "MUS",
    "Moldova": "MDA", "Morocco": "MAR", "Nepal": "NPL", "Nicaragua": "NIC", "North Korea": "PRK", "Pakistan": "PAK",
    "Palestine": "PSE", "Philippines": "PHL", "Portugal": "PRT", "Russia": "RUS", "Saudi Arabia": "SAU",
    "Serbia": "SRB", "Seychelles": "SYC", "Somalia": "SOM", "South Korea": "KOR", "South Sudan": "SSD",
    "Spain": "ESP", "Sudan": "SDN", "Suriname": "SUR", "Syria": "SYR", "Taiwan": "TWN", "Tokelau": "TKL",
    "U.A.E.": "ARE", "UAE": "ARE", "U.K.": "GBR", "United Kingdom": "GBR", "U.S.A.": "USA", "U.S.A": "USA",
    "United States": "USA", "Ukraine": "UKR", "Uruguay": "URY", "Vanuatu": "VUT", "Venezuela": "VEN",
    "Vietnam": "VNM", "Western Sahara": "ESH",
}  # fmt: skip
_HOLDER = re.compile(r"admin\.? by (?:.* for )?(.+)", re.IGNORECASE)
_LEASE = re.compile(r"leased to (.+?) by .+", re.IGNORECASE)
_CLAIM = re.compile(r"claimed by (.+)", re.IGNORECASE)
_AND = re.compile(r",? and |, ")


@dataclass(frozen=True, slots=True)
class Claims:
    """What a note says.

    Attributes
    ----------
    holder : str. Who administers it; "" where the note does not say.
    claimants : everybody else who says that it is theirs, sorted.
    is_own : bool. "Self admin.": it administers itself.
    unread : names that no code is known for.
    """

    holder: str
    claimants: tuple[str, ...]
    is_own: bool
    unread: tuple[str, ...] = ()


def claims_of(note: str) -> Claims:
    """Read a note.

    Examples
    --------
    >>> claims_of("Admin. by Japan; Claimed by China and Taiwan").claimants
    ('CHN', 'TWN')
    """
    holder, lessee = "", ""
    claimants: list[str] = []
    unread: list[str] = []
    for sentence in (part.strip() for part in note.split(";")):
        if (held := _HOLDER.fullmatch(sentence)) is not None:
            holder = _code(held[1], unread)
        elif (leased := _LEASE.fullmatch(sentence)) is not None:
            lessee = _code(leased[1], unread)
        elif (claimed := _CLAIM.fullmatch(sentence)) is not None:
            claimants += [_code(name, unread) for name in _AND.split(re.sub(r" after .*", "", claimed[1]))]
    holder = holder or (lessee if claimants else "")  # a lease that nobody contests leaves the land whose it was
    others = tuple(sorted({code for code in claimants if code and code != holder}))
    return Claims(holder, others, "self admin" in note.lower(), tuple(unread))


def _code(name: str, unread: list[str]) -> str:
    name = name.strip().removeprefix("the ")
    code = _CODES.get(name) or _CODES.get(name.rstrip(".")) or ""
    if not code:
        unread.append(name)
    return code
