"""A time as people say it."""

from .words import Words


def duration(seconds: float) -> Words:
    """So many seconds in the unit that fits: 40 秒, 3 分钟, 2 小时 5 分钟."""
    if seconds < 90:
        return Words(f"{max(round(seconds), 1)} 秒", f"{max(round(seconds), 1)} s")
    minutes = round(seconds / 60)
    if minutes < 90:
        return Words(f"{minutes} 分钟", f"{minutes} min")
    return Words(f"{minutes // 60} 小时 {minutes % 60} 分钟", f"{minutes // 60} h {minutes % 60} min")
