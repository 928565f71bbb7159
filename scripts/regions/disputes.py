"""Who administers and who claims: the disputed areas, checked by hand against the notes of Natural Earth.

Claimants are those that Natural Earth's NOTE_BRK names, and where it names none or leaves out one, those marked
"by hand". The words are neutral: "administered by" says who is there, not who ought to be. Letters are ISO 3166-1
alpha-3; where there are none, those of Natural Earth (CYN, SOL) or ABK, OST, PMR for three self-administered areas.
"""

from typing import NamedTuple


class Dispute(NamedTuple):
    """One disputed area."""

    id: str
    name: str
    administered_by: str
    claimed_by: tuple[str, ...]
    note: str = ""
    own_views: bool = True  # whether each claimant sees the whole area as its own


_NOT_NAMED = "Natural Earth's note does not name the claimant"

# Areas of Natural Earth's layer of disputed areas, by (BRK_NAME, ADM0_A3) of its row.
AREAS = {
    ("Arunachal Pradesh", "IND"): Dispute("arunachal-pradesh", "Arunachal Pradesh", "IND", ("CHN",)),
    ("Tirpani Valleys", "IND"): Dispute("tirpani-valleys", "Tirpani Valleys", "IND", ("CHN",)),
    ("Bara Hotii Valleys", "IND"): Dispute("bara-hotii-valleys", "Bara Hotii Valleys", "IND", ("CHN",)),
    ("Demchok", "IND"): Dispute("demchok", "Demchok", "IND", ("CHN",)),
    ("Samdu Valleys", "IND"): Dispute("samdu-valleys", "Samdu Valleys", "IND", ("CHN",)),
    ("Jammu and Kashmir", "IND"): Dispute("jammu-and-kashmir", "Jammu and Kashmir (Indian part)", "IND", ("PAK",)),
    ("Shaksam Valley", "CHN"): Dispute("shaksgam-valley", "Shaksgam Valley", "CHN", ("IND",),
                                         "ceded to China by Pakistan"),
    ("Aksai Chin", "CHN"): Dispute("aksai-chin", "Aksai Chin", "CHN", ("IND",)),
    ("Northern Areas", "PAK"): Dispute("gilgit-baltistan", "Gilgit-Baltistan", "PAK", ("IND",)),
    ("Azad Kashmir", "PAK"): Dispute("azad-kashmir", "Azad Kashmir", "PAK", ("IND",)),
    ("Abyei", "SDN"): Dispute("abyei", "Abyei", "SDN", ("SSD",)),
    ("Lawa Headwaters", "FRA"): Dispute("lawa-headwaters", "Lawa Headwaters", "FRA", ("SUR",)),
    ("Courantyne Headwaters", "GUY"): Dispute("courantyne-headwaters", "Courantyne Headwaters", "GUY", ("SUR",)),
    ("Golan Heights", "ISR"): Dispute("golan-heights", "Golan Heights", "ISR", ("SYR",)),
    ("Shebaa Farms", "ISR"): Dispute("shebaa-farms", "Shebaa Farms", "ISR", ("LBN", "SYR"),
                                     "Natural Earth names Lebanon; Syria by hand, as of the Golan Heights"),
    ("Ilemi Triangle", "KEN"): Dispute("ilemi-triangle", "Ilemi Triangle", "KEN", ("SSD",),
                                       "Natural Earth still names Sudan; its claim lies with South Sudan since 2011"),
    ("Ilemi Triange", "SDS"): Dispute("ilemi-triangle-north", "Ilemi Triangle (north)", "SSD", ("KEN",),
                                      f"{_NOT_NAMED}: by hand"),
    ("Pinnacle Is.", "JPN"): Dispute("senkaku-diaoyu", "Senkaku, Diaoyu or Pinnacle Islands", "JPN", ("CHN", "TWN")),
    ("W. Sahara", "MAR"): Dispute("western-sahara", "Western Sahara (west of the berm)", "MAR", ("ESH",),
                                  "a non-self-governing territory in the list of the United Nations; ESH is the "
                                  "Sahrawi Arab Democratic Republic"),
    ("Hans Island", "GRL"): Dispute("hans-island", "Hans Island", "DNK", ("CAN",),
                                    "Canada and Denmark agreed in 2022 to divide the island; not divided here"),
    ("Mayotte", "FRA"): Dispute("mayotte", "Mayotte", "FRA", ("COM",)),
    ("Juan De Nova I.", "ATF"): Dispute("juan-de-nova", "Juan de Nova Island", "FRA", ("MDG",)),
    ("Glorioso Is.", "ATF"): Dispute("glorioso", "Glorioso Islands", "FRA", ("COM", "MDG"),
                                     "Natural Earth names Madagascar; the Comoros by hand"),
    ("Tromelin I.", "ATF"): Dispute("tromelin", "Tromelin Island", "FRA", ("MUS", "SYC")),
    ("Europa Island", "ATF"): Dispute("europa-island", "Europa Island", "FRA", ("MDG",)),
    ("Bassas da India", "ATF"): Dispute("bassas-da-india", "Bassas da India", "FRA", ("MDG",)),
    ("Kuril Is.", "RUS"): Dispute("southern-kurils", "Southern Kuril Islands or Northern Territories", "RUS", ("JPN",)),
    ("Rockall I.", "GBR"): Dispute("rockall", "Rockall", "GBR", ("DNK", "IRL", "ISL")),
    ("Navassa I.", "UMI"): Dispute("navassa", "Navassa Island", "USA", ("HTI",)),
    ("Abkhazia", "GEO"): Dispute("abkhazia", "Abkhazia", "ABK", ("GEO",), "self-administered"),
    ("Transnistria", "MDA"): Dispute("transnistria", "Transnistria", "PMR", ("MDA",), "self-administered"),
    ("South Ossetia", "GEO"): Dispute("south-ossetia", "South Ossetia", "OST", ("GEO",), "self-administered"),
    ("Dokdo", "KOR"): Dispute("dokdo-takeshima", "Dokdo, Takeshima or Liancourt Rocks", "KOR", ("JPN",)),
    ("Paracel Is.", "CHN"): Dispute("paracel", "Paracel Islands", "CHN", ("TWN", "VNM")),
    ("Belize", "BLZ"): Dispute("southern-belize", "Belize (part claimed)", "BLZ", ("GTM",),
                               f"{_NOT_NAMED}: by hand; before the International Court of Justice"),
    ("Mbane Island", "GAB"): Dispute("mbanie", "Mbanié Island", "GAB", ("GNQ",)),
    ("West of Essequibo River", "GUY"): Dispute("essequibo", "West of the Essequibo River", "GUY", ("VEN",),
                                                "before the International Court of Justice"),
    ("Wake Atoll", "UMI"): Dispute("wake", "Wake Atoll", "USA", ("MHL",)),
    ("Ceuta", "ESP"): Dispute("ceuta", "Ceuta", "ESP", ("MAR",), f"{_NOT_NAMED}: by hand"),
    ("Melilla", "ESP"): Dispute("melilla", "Melilla", "ESP", ("MAR",), f"{_NOT_NAMED}: by hand"),
    ("Isla del Perejil", "ESP"): Dispute("perejil", "Perejil", "ESP", ("MAR",)),
    ("Penon de Velez de la Gomera", "ESP"): Dispute("velez-de-la-gomera",
                                                    "Peñón de Vélez de la Gomera", "ESP", ("MAR",)),
    ("Penon de Alhucemas", "ESP"): Dispute("alhucemas", "Peñón de Alhucemas", "ESP", ("MAR",)),
    ("Islas Chafarinas", "ESP"): Dispute("chafarinas", "Chafarinas Islands", "ESP", ("MAR",)),
    ("Matthew and Hunter Is.", "NCL"): Dispute("matthew-and-hunter", "Matthew and Hunter Islands", "FRA", ("VUT",)),
    ("Olivenza", "ESP"): Dispute("olivenza", "Olivenza", "ESP", ("PRT",)),
    ("Tiran and Sanafir Is.", "EGY"): Dispute("tiran-and-sanafir", "Tiran and Sanafir Islands", "EGY", ("SAU",),
                                              "Egypt ratified in 2017 an agreement that hands them to Saudi Arabia"),
    ("Swains Island", "ASM"): Dispute("swains-island", "Swains Island", "USA", ("TKL",)),
    ("Atacama corridor", "CHL"): Dispute("atacama-corridor", "Atacama corridor", "CHL", ("BOL",),
                                         "ceded to Chile; Bolivia asks for access to the sea"),
    ("Abu Musa I.", "IRN"): Dispute("abu-musa", "Abu Musa", "IRN", ("ARE",)),
    ("Bhutan (northwest valleys)", "BTN"): Dispute("bhutan-northwest-valleys",
                                                   "Bhutan, north-west valleys", "BTN", ("CHN",)),
    ("Bhutan (Chumbi salient)", "BTN"): Dispute("chumbi-salient", "Chumbi salient", "BTN", ("CHN",)),
    ("Sapodilla Cayes", "BLZ"): Dispute("sapodilla-cayes", "Sapodilla Cayes", "BLZ", ("GTM", "HND")),
    ("Near Om Parvat", "IND"): Dispute("om-parvat", "Kalapani, near Om Parvat", "IND", ("NPL",)),
    ("Crimea", "RUS"): Dispute("crimea", "Crimea", "RUS", ("UKR",)),
    ("Donbass", "UKR"): Dispute("donbas", "Donbas (part outside Ukraine's control before 2022)", "RUS", ("UKR",),
                                "Natural Earth calls it self-administered; Russia claims it as its own since 2022; the "
                                "front line of today is not mapped"),
}  # fmt: skip

# Islands that the layer of disputed areas lacks and no country row has; rings of Natural Earth 1:10m minor islands.
ISLANDS = [
    (Dispute("greater-tunb", "Greater Tunb", "IRN", ("ARE",), "by hand: Natural Earth has it among the minor islands"),
     [(55.320323, 26.278347), (55.32309, 26.263251), (55.321218, 26.256985), (55.322602, 26.254055),
      (55.312999, 26.248481), (55.302989, 26.248318), (55.294932, 26.25019), (55.290294, 26.255154),
      (55.286388, 26.265123),
      (55.289968, 26.272935), (55.297455, 26.276313), (55.3095, 26.282986), (55.320323, 26.278347)]),
]  # fmt: skip

# Rows of that layer that are no regions of their own here, and why.
LEFT_OUT = {
    ("Korean Demilitarized Zone (south)", "KOR"): "an overlay: claimed by nobody but who administers it",
    ("Korean Demilitarized Zone (north)", "PRK"): "an overlay: claimed by nobody but who administers it",
    ("Diego Garcia NSF", "IOT"): "lies in the British Indian Ocean Territory, disputed as a whole",
    ("UNDOF Zone", "SYR"): "a zone that the United Nations patrols in Syria",
    ("Bird Island", "VEN"): "the note names no claimant, and none is known to keep a claim",
    ("Nagorno-Karabakh", "AZE"): "administered by Azerbaijan since September 2023; no state claims it",
    ("Baykonur", "KAB"): "leased, not disputed: a country row of its own",
    ("Gaza", "PSX"): "part of the row of Palestine",
    ("West Bank", "PSX"): "part of the row of Palestine",
}

# Rows of that layer that are the whole of a country row, see ROWS.
WHOLE = {
    ("Falkland Is.", "FLK"), ("N. Cyprus", "CYN"), ("W. Sahara", "SAH"), ("Somaliland", "SOL"), ("S. Georgia", "SGS"),
    ("S. Sandwich Is.", "SGS"), ("Bajo Nuevo Bank (Petrel Is.)", "BJN"), ("Serranilla Bank", "SER"),
    ("Cyprus U.N. Buffer Zone", "CNM"), ("Siachen Glacier", "KAS"), ("Spratly Is.", "PGA"),
    ("Guantanamo Bay USNB", "USG"), ("Gibraltar", "GIB"), ("Br. Indian Ocean Ter.", "IOT"), ("Scarborough Reef", "SCR"),
}  # fmt: skip

# Country rows of Natural Earth that are disputed as a whole, by ADM0_A3.
ROWS = {
    "TWN": Dispute("TWN", "Taiwan", "TWN", ("CHN",)),
    "KOS": Dispute("XKX", "Kosovo", "XKX", ("SRB",), "Natural Earth's note does not name Serbia's claim: by hand"),
    "SAH": Dispute("ESH", "Western Sahara (east of the berm)", "ESH", ("MAR",),
                   "a non-self-governing territory in the list of the United Nations; ESH is the Sahrawi Arab "
                   "Democratic Republic"),
    "PSX": Dispute("PSE", "Palestine", "PSE", ("ISR",),
                   "status disputed; partly self-administered, partly under Israeli control; Israel claims East "
                   "Jerusalem, not all of the area: by hand", own_views=False),
    "FLK": Dispute("FLK", "Falkland Islands or Islas Malvinas", "GBR", ("ARG",)),
    "SGS": Dispute("SGS", "South Georgia and South Sandwich Islands", "GBR", ("ARG",)),
    "GIB": Dispute("GIB", "Gibraltar", "GBR", ("ESP",)),
    "IOT": Dispute("IOT", "British Indian Ocean Territory or Chagos", "GBR", ("MUS", "SYC")),
    "CYN": Dispute("CYN", "Northern Cyprus", "CYN", ("CYP",), "self-administered"),
    "CNM": Dispute("CNM", "Cyprus buffer zone", "", ("CYP",), "patrolled by the United Nations; claimant by hand"),
    "KAS": Dispute("KAS", "Siachen Glacier", "IND", ("PAK",)),
    "SOL": Dispute("SOL", "Somaliland", "SOL", ("SOM",), "self-administered"),
    "USG": Dispute("USG", "Guantanamo Bay Naval Base", "USA", ("CUB",), "leased from Cuba, which contests the lease"),
    "BRI": Dispute("BRI", "Brazilian Island", "BRA", ("URY",)),
    "SPI": Dispute("SPI", "Southern Patagonian Ice Field", "", ("ARG", "CHL"), "boundary under survey"),
    "PGA": Dispute("PGA", "Spratly Islands", "", ("BRN", "CHN", "MYS", "PHL", "TWN", "VNM"),
                   "occupied by several claimants; Natural Earth leaves out Vietnam: by hand"),
    "SCR": Dispute("SCR", "Scarborough Reef", "", ("CHN", "PHL", "TWN"), f"{_NOT_NAMED}: by hand"),
    "BJN": Dispute("BJN", "Bajo Nuevo Bank", "COL", ("JAM", "NIC", "USA")),
    "SER": Dispute("SER", "Serranilla Bank", "COL", ("HND", "NIC", "USA")),
}  # fmt: skip

TREATY = (
    "Article IV of the Antarctic Treaty of 1959: nothing done while it is in force asserts, supports or denies a "
    "claim, and no new claim is made"
)
"""The note on every part of Antarctica."""
