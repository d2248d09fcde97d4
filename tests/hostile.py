"""What no list is meant to be asked: sent by the tests, and timed at volume by a benchmark."""

from itertools import product
from urllib.parse import urlencode

LISTS = ["/partenariats/", "/collectivites/", "/conventions/"]
VALUES = [
    "\0",
    "a" * 50_000,
    str(2**70),
    "-1",
    "0",
    "1e9",
    "NaN",
    "' OR 1=1 --",
    "'; DROP TABLE partnerships_partnership; --",
    "%",
    "_",
    "\\",
    "%%%___\\\\",
    "\u202e\u200b\ufeff",
    "é\u0301" * 50,
    "𝕬🏳️‍🌈",
    "١٢٣",
    "<script>alert(1)</script>",
    "{{ 7*7 }}",
    "../../etc/passwd",
    ",,,,",
    "(((((",
]
FIELDS = ["q", "page", "pays", "tri", "colonnes", "affichage", "profil"]
ODD = [
    "pays=MX&" * 900,
    "pays=MX&" * 5_000,
    "&".join(f"x{n}=1" for n in range(900)),
    "=&=&&&==",
    "%ff%fe=%ff",
    "q=%ED%A0%80",
    "q=a&q=b&q=c",
    "page=1&page=2",
    "affichage=carte&affichage=tableau",
    "colonnes=" + ",".join(["nom", "titre"] * 2_000),
    "colonnes=nom&colonnes=lune&colonnes=",
    "pays[]=MX&pays=MX%00",
    "statut=active&statut=active'&etat=x&nature=x",
    "region=x&theme=x&type=x&odd=18&silence=13&toutes=2&vue=x",
    "sql=SELECT+1;&q=%2525",
]
QUERIES = [urlencode({field: value}) for field, value in product(FIELDS, VALUES)] + ODD
