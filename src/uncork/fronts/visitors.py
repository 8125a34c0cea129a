"""Who visits, as far as a front can tell: a cookie says that a response may be for one person alone."""

import re
from typing import Final

from uncork.serving import Site

PLAIN: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")
ANY: Final = "."


def known_by(site: Site) -> str:
    """Return the regular expression of a Cookie field that says who asks.

    Where the app did not tell the names of its cookies, or one of them is no plain word, that is any cookie.
    """
    if not site.cookies or not all(PLAIN.fullmatch(name) for name in site.cookies):
        return ANY
    names = "|".join(re.escape(name) for name in site.cookies)
    return f"(?:^|;)[ \\t]*(?:{names})="
