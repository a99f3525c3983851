"""Passwords are taken out of addresses before anybody sees these: in a log, a tag or an error."""

from __future__ import annotations

import re

IN_QUERY = re.compile(r"([?&](?:password|secret|token)=)[^&\s]*", re.IGNORECASE)
IN_TEXT = re.compile(r"(\b[a-z][\w+.-]*://)[^\s/@'\"]*:[^\s'\"]*@", re.IGNORECASE)


def hide_password(address: str) -> str:
    """Remove the password from an address: that before the host, and one among its options."""
    scheme, separator, rest = address.partition("://")
    place, slash, path = rest.partition("/") if "@" not in rest.partition("/")[2] else (rest, "", "")
    user, at, host = place.rpartition("@")
    return IN_QUERY.sub(r"\1***", f"{scheme}{separator}{user.split(':')[0]}{at}{host}{slash}{path}")


def hide_passwords(text: str) -> str:
    """Remove user and password from each address that a text holds, such as a command or an error of a library."""
    return IN_QUERY.sub(r"\1***", IN_TEXT.sub(r"\1***@", text))
