"""Whom a failed sign-in is counted against: an account **and** an address together (django-axes)."""

import ipaddress
import unicodedata
from typing import Any

from django.conf import settings
from django.http import HttpRequest


def account_tried(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The account as the sign-in will look for it: other capitals or spaces are not another account."""
    return account_of((credentials or {}).get("username") or request.POST.get("username", ""))


def account_of(address: str) -> str:
    """An e-mail address as accounts are known by it, and as messages arrive at it: letters that only look otherwise."""
    return unicodedata.normalize("NFKC", address).strip().lower()[:254]


def client_address(request: HttpRequest) -> str | None:
    """The visitor's address. Only what our own proxy adds, the last entry, is believed of X-Forwarded-For."""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        address = request.META.get("HTTP_X_FORWARDED_FOR", address).rpartition(",")[2].strip()
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if found.version == 6 else None
    return str(mapped or found)


def counted_address(request: HttpRequest) -> str | None:
    """The address as limits count it: whoever has one of IPv6 has all of its /64."""
    return network_of(client_address(request), 32, 64)


def network_of(address: str | None, size4: int, size6: int) -> str | None:
    """The first address of the network that this one is in."""
    if address is None:
        return None
    size = size4 if ipaddress.ip_address(address).version == 4 else size6
    return str(ipaddress.ip_network((address, size), strict=False).network_address)
