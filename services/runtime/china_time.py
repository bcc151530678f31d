"""The clock by which business days are counted: China's, which knows no summer time."""

import datetime as dt

CHINA = dt.timezone(dt.timedelta(hours=8))
