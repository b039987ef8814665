"""Dates and times moved by a quantity (FHIRPath N1, 6.6: date/time arithmetic), by the calendar.

The result has the precision of what is moved: a quantity of finer units is first cut to it (a year has 365 days there,
a month 30). A day that the month has not becomes its last. A decimal part counts for seconds alone.
"""

import calendar
import datetime
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from typing import Any

from adapter.validation.fhirpath.equality import MOMENT, Failed, number
from adapter.validation.fhirpath.values import MOMENTS, TIMES, Value

_MONTHS: dict[str, int] = {"a": 12, "mo": 1}
_SECONDS: dict[str, int | Decimal] = {"wk": 604_800, "d": 86_400, "h": 3600, "min": 60, "s": 1, "ms": Decimal("0.001")}
# What a quantity is cut to, by the finest part of what is moved: year, month, day, hour, minute, second.
_CUT = (365 * 86_400, 30 * 86_400, 86_400, 3600, 60)


def moved(value: Value, quantity: Value, sign: int) -> Value | None:
    """A date, dateTime, instant or time with a quantity added (`sign` 1) or taken off (-1).

    None where the result is no date of the years 1 to 9999.

    Raises:
        Failed: the quantity is none of time, or the value no moment.
    """
    text, kind = value[0], value[2]
    amount, unit = _measured(quantity[0])
    timed = kind in TIMES
    match = MOMENT.fullmatch(f"T{text}" if timed else text) if type(text) is str else None
    if match is None or not (timed or kind in MOMENTS) or amount is None:
        raise Failed
    parts = [match[group] for group in range(1, 7)]
    if timed:
        made: str | None = _by_clock(parts, amount * sign, unit)
    else:
        precise = max(group for group, part in enumerate(parts) if part)
        made = _by_calendar(parts, precise, amount * sign, unit)
    if made is None:
        return None
    if timed:
        return made, None, "System.Time"
    return made + (match[7] or ""), None, "System.Date" if "T" not in made else "System.DateTime"


def _measured(data: Any) -> tuple[Decimal | None, str]:
    found = number(data.get("value")) if type(data) is dict else None
    unit = data.get("code") if type(data) is dict else None
    if found is None or not isinstance(unit, str) or (unit not in _MONTHS and unit not in _SECONDS):
        return None, ""
    exact = Decimal(found)
    if not exact.is_finite() or abs(exact) > 10**15:
        raise Failed
    return (exact if unit in ("s", "ms") else exact.to_integral_value(ROUND_DOWN)), unit


def _by_calendar(parts: list[str], precise: int, amount: Decimal, unit: str) -> str | None:
    year, month, day = (int(part or 1) for part in parts[:3])
    months = int(amount) * _MONTHS.get(unit, 0)
    seconds = amount * _SECONDS.get(unit, 0)
    if precise < 2 and seconds:
        months, seconds = int(seconds / _CUT[precise]) * (12, 1)[precise], Decimal(0)
    if precise == 0:
        months = int(Decimal(months) / 12) * 12
    year, month = divmod(year * 12 + month - 1 + months, 12)
    if not 1 <= year <= 9999:
        return None
    day = min(day, calendar.monthrange(year, month + 1)[1])
    try:
        at = datetime.date(year, month + 1, day).toordinal()
    except ValueError:
        return None
    clock = int(parts[3] or 0) * 3600 + int(parts[4] or 0) * 60 + Decimal(parts[5] or 0)
    if precise < 5:
        seconds = Decimal(int(seconds / _CUT[precise]) * _CUT[precise])
    clock += seconds
    days = int(clock // 86_400) - (clock % 86_400 < 0)
    if not 1 <= at + days <= datetime.date.max.toordinal():
        return None
    date = datetime.date.fromordinal(at + days).isoformat()
    if precise < 3:
        return date[: (4, 7, 10)[precise]]
    return f"{date}T{_written(clock - days * 86_400, precise)}"


def _by_clock(parts: list[str], amount: Decimal, unit: str) -> str:
    if unit in _MONTHS:
        raise Failed
    precise = max(group for group, part in enumerate(parts) if part)
    seconds = amount * _SECONDS[unit]
    if precise < 5:
        seconds = Decimal(int(seconds / _CUT[precise]) * _CUT[precise])
    clock = int(parts[3]) * 3600 + int(parts[4] or 0) * 60 + Decimal(parts[5] or 0) + seconds
    try:
        clock %= 86_400
    except InvalidOperation:
        raise Failed from None
    return _written(clock if clock >= 0 else clock + 86_400, precise)


def _written(clock: Decimal, precise: int) -> str:
    whole = int(clock)
    rest = f"{clock - whole:f}"[1:] if clock != whole or "." in str(clock) else ""
    parts = (f"{whole // 3600:02}", f"{whole // 60 % 60:02}", f"{whole % 60:02}{rest}")
    return ":".join(parts[: precise - 2])
