"""A watch log: short videos shown in the tabs of an app, clicked, viewed long and liked.

The layout is that of the public log KuaiRand (Gao et al., CIKM 2022): a tab is the region, there is
one platform. Lengths and counts are on another scale in every tab, see
`shoplm.simulation.impressions`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shoplm.simulation.impressions import (
    describe_truth,
    draw_labels,
    scale_by_region,
    spread_regions,
    standardise,
)
from shoplm.simulation.settings import WatchSize

TASKS = ("click", "long_view", "like")
RATES = {"click": 0.35, "long_view": 0.45, "like": 0.12}
"""Share of shown rows clicked, of clicked rows viewed long, of those liked."""

EFFECTS: dict[str, dict[str, float]] = {
    "click": {
        "interest_match": 0.9, "cover_quality": 0.6, "duration_ms": -0.4, "show_count": 0.8,
        "upload_age_hours": -0.3,
    },
    "long_view": {
        "interest_match": 0.7, "sound_quality": 0.4, "duration_ms": -1.1, "like_count": 0.5,
    },
    "like": {
        "interest_match": 0.6, "like_count": 0.9, "comment_count": 0.7, "friend_user_num": 0.3,
    },
}  # fmt: skip
"""Effect of a feature's latent value (in standard deviations) on the logit of each task."""

SHIFTED: dict[str, tuple[str, float]] = {
    "duration_ms": ("tab_length", 1.0),
    "show_count": ("tab_traffic", 1.0),
    "like_count": ("tab_traffic", 0.8),
    "comment_count": ("tab_talk", 1.0),
}
"""Features whose scale differs by tab: value = latent × (tab feature) ** exponent."""

UNSHIFTED = (
    "interest_match", "cover_quality", "sound_quality", "upload_age_hours", "follow_user_num",
    "fans_user_num", "friend_user_num", "register_days",
)  # fmt: skip

SKEWED = ("duration_ms", "show_count", "like_count", "comment_count", "friend_user_num")
"""Features that act by their logarithm."""

TYPES = ("music", "dance", "food", "travel", "news", "games", "pets", "sport")
DEGREES = ("low_active", "middle_active", "high_active", "full_active")
DAYS, DAY = 28, 86_400
END = 1_767_225_600
"""Unix seconds after the last list."""


def simulate_watch_log(size: WatchSize, seed: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The log, one row a shown video, and the truth behind it.

    Columns: list_id, user_id, region (the tab), timestamp, position, video_id, video_type,
    user_active_degree, is_video_author, the features of `UNSHIFTED` and `SHIFTED`, tab_length,
    tab_traffic, tab_talk, and the labels click ≥ long_view ≥ like (0 or 1). All rows of a list
    share user, tab and time, and no video is in it twice.
    """
    rng = np.random.default_rng([seed, 41])
    lengths = rng.integers(6, 15, size=size.rows // 6 + 1)
    lengths = lengths[: np.searchsorted(np.cumsum(lengths), size.rows) + 1]
    lengths[-1] -= lengths.sum() - size.rows
    count = len(lengths)
    lists = np.repeat(np.arange(count), lengths)
    position = np.arange(size.rows) - (np.cumsum(lengths) - lengths)[lists]
    user = rng.integers(0, size.users, count)[lists]
    visits = np.arange(1, size.tabs + 1) ** -0.5  # the first tab is opened most often
    tab = rng.choice(size.tabs, count, p=visits / visits.sum())[lists]
    popularity = rng.normal(0, 0.8, size.videos)
    video = _show(popularity, lists, lengths, position, rng)
    values = _draw_features(size, user, video, popularity, rng)
    latent = {
        name: standardise(np.log1p(value) if name in SKEWED else value)
        for name, value in values.items()
    }
    tabs = spread_regions(
        [f"T{i}" for i in range(size.tabs)],
        {"tab_length": 1.1, "tab_traffic": 1.6, "tab_talk": 1.3},
        rng,
    )
    scale_by_region(values, SHIFTED, tabs, tab)
    leanings = dict.fromkeys(TASKS, np.zeros(size.rows))
    leanings["click"] = -0.3 * np.log1p(position)
    labels = draw_labels(latent, EFFECTS, RATES, leanings, rng)
    seconds = END - DAYS * DAY + np.sort(rng.random(count)) * DAYS * DAY
    degree, author = rng.integers(0, len(DEGREES), size.users), rng.random(size.users) < 0.2
    frame = pd.DataFrame(
        {
            "list_id": np.char.add("L", np.char.zfill(lists.astype(str), 7)),
            "user_id": np.char.add("U", np.char.zfill(user.astype(str), 6)),
            "region": tabs["region"].to_numpy()[tab],
            "timestamp": seconds.astype(np.int64)[lists],
            "position": position,
            "video_id": np.char.add("V", np.char.zfill(video.astype(str), 6)),
            "video_type": np.array(TYPES)[_type_of(video)],
            "user_active_degree": np.array(DEGREES)[degree[user]],
            "is_video_author": author[user].astype(np.int8),
            **{name: np.round(values[name], 4) for name in (*UNSHIFTED, *SHIFTED)},
            **{name: tabs[name].to_numpy()[tab].round(4) for name in tabs.columns[1:]},
            **labels,
        }
    )
    return frame, describe_truth(SHIFTED, UNSHIFTED, EFFECTS, tabs)


def _draw_features(
    size: WatchSize,
    user: np.ndarray,
    video: np.ndarray,
    popularity: np.ndarray,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Latent values of all features, (rows,) by name; those of a video or user are its own."""
    rows = len(user)
    taste = rng.normal(size=(size.users, len(TYPES)))[user, _type_of(video)]

    def of_video(values: np.ndarray) -> np.ndarray:
        return values[video]

    def of_user(mean: float, spread: float) -> np.ndarray:
        return np.floor(np.exp(rng.normal(mean, spread, size.users)))[user]

    return {
        "interest_match": taste + rng.normal(0, 0.5, rows),
        "cover_quality": of_video(rng.beta(4, 2, size.videos)),
        "sound_quality": of_video(rng.beta(4, 2, size.videos)),
        "upload_age_hours": rng.gamma(1.5, 40.0, rows),
        "follow_user_num": of_user(4.5, 1.2),
        "fans_user_num": of_user(3.5, 1.5),
        "friend_user_num": of_user(3.0, 1.2),
        "register_days": of_user(6.5, 0.6),
        "duration_ms": of_video(1000 * np.exp(rng.normal(3.2, 0.6, size.videos))),
        "show_count": np.exp(6 + of_video(popularity) + rng.normal(0, 0.4, rows)),
        "like_count": np.exp(4 + 0.5 * of_video(popularity) + rng.normal(0, 0.6, rows)),
        "comment_count": np.exp(3 + rng.normal(0, 0.8, rows)),
    }


def _type_of(video: np.ndarray) -> np.ndarray:
    """Place of each video's type in `TYPES`."""
    return video % len(TYPES)


def _show(
    popularity: np.ndarray,
    lists: np.ndarray,
    lengths: np.ndarray,
    position: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """The video of every row, (rows,): the more popular the more often, none twice in a list.

    Each list takes steps of equal length through the videos, laid out as long as they are popular;
    none is longer than a step. So a list costs as much as it has rows, however many videos are.
    """
    share = np.exp(popularity)
    longest = 1 / lengths.max()
    share = np.minimum(share / share.sum(), 0.5 * longest)
    ends = np.cumsum(share / share.sum())
    places = (rng.random(len(lengths))[lists] + position / lengths[lists]) % 1
    video = np.minimum(np.searchsorted(ends, places, "right"), len(popularity) - 1)
    return video[np.lexsort((rng.random(len(video)), lists))]
