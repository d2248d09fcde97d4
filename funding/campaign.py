"""The yearly declaration of APD, as the law dates it: pure functions, no database, no clock.

CGCT, art. L. 1115-6 asks French local authorities to tell the State each year what they spent; the ministry collects
the lines of a year from 15 April to 31 May of the next one.
"""

from datetime import date
from typing import NamedTuple

OPENS = (4, 15)
CLOSES = (5, 31)


class Campaign(NamedTuple):
    """The collection of one year's lines."""

    year: int
    opens_on: date
    closes_on: date

    def is_open(self, on: date) -> bool:
        return self.opens_on <= on <= self.closes_on

    def is_over(self, on: date) -> bool:
        return on > self.closes_on


def campaign(on: date) -> Campaign:
    """The campaign of this day's calendar year, which is about the year before."""
    return Campaign(on.year - 1, date(on.year, *OPENS), date(on.year, *CLOSES))
