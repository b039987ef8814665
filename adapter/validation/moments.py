"""Order of FHIR dates and times of unlike precision: judged only as far as both say something."""

import datetime
import re
from decimal import Decimal
from typing import Any

_MOMENT = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d):(\d\d(?:\.\d+)?)(?:Z|([+-])(\d\d):(\d\d)))?)?)?", re.ASCII
)


def is_after(first: Any, second: Any) -> bool:
    """Whether `first` is surely later than `second`; false where either is no date or they agree as far as both go."""
    one = _MOMENT.fullmatch(first) if isinstance(first, str) else None
    other = _MOMENT.fullmatch(second) if isinstance(second, str) else None
    if not one or not other:
        return False
    if one[4] and other[4]:
        return _instant(one) > _instant(other)
    pairs = list(zip(_day(one), _day(other), strict=False))
    return [a for a, _ in pairs] > [b for _, b in pairs]


def _day(match: re.Match[str]) -> list[int]:
    return [int(part) for part in match.group(1, 2, 3) if part]


def _instant(match: re.Match[str]) -> Decimal:
    """Seconds since year 1, UTC; a leap second is the second after 59."""
    try:
        day = datetime.date(*_day(match)).toordinal()
    except ValueError:
        return Decimal(0)
    offset = int(match[8] or 0) * 3600 + int(match[9] or 0) * 60
    seconds = day * 86400 + int(match[4]) * 3600 + int(match[5]) * 60
    return seconds + Decimal(match[6]) - (-offset if match[7] == "-" else offset)
