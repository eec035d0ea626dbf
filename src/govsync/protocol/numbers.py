"""The numbers in messages, each within what those who read it hold: a larger one is nobody's, and refused where it is read."""

from typing import Annotated

import msgspec

LARGEST = (1 << 63) - 1
"""The largest number that a database holds."""

Number = Annotated[int, msgspec.Meta(ge=-LARGEST - 1, le=LARGEST)]
Count = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
"""A sequence, or a size."""
Moment = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]
"""Milliseconds since the Unix epoch, up to the end of the year 9999: as far as calendars go."""
