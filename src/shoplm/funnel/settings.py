"""What the columns of a search log mean, how it is split, scaled and looked at by region."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from shoplm.variants import Settings, suggest

Distance = Literal["js", "wasserstein"]


class HistorySettings(Settings):
    """Counts and rates of what was known before a list was shown."""

    keys: dict[str, list[str]] = {}
    """What is counted by, named: `{item: [product_id], item_region: [product_id, region]}`."""
    days: list[float | None] = [None]
    """How far back each count looks from the list's time; null: to the beginning."""
    days_by_key: dict[str, list[float | None]] = {}
    """Of a key, in place of `days`. What is popular changes within a week, while a user is known by
    all that came before: `{user: [null]}` beside `days: [7]`."""
    popularity_days: float | None = Field(None, gt=0)
    """How far back the rate of the order popular-first looks; null: to the beginning."""
    smoothing: float = Field(20.0, gt=0)
    """Rows at the log's own rate so far that are added to each rate; few rows say little."""
    label_times: dict[str, str] = {}
    """Column with the time at which a task happened, by task. Of a task without one it counts as
    known `label_delay` after the row's time."""
    label_delay: int = Field(0, ge=0)
    """Seconds."""

    @model_validator(mode="after")
    def _windows_make_sense(self) -> HistorySettings:
        for value in (self.days, *self.days_by_key.values()):
            if any(n is not None and n <= 0 for n in value) or len(set(value)) < len(value):
                raise ValueError(f"expected different numbers of days above 0, found {value}")
        if strangers := sorted(set(self.days_by_key) - set(self.keys)):
            raise ValueError(
                f"days_by_key: {strangers[0]!r} is no key; {suggest(strangers[0], self.keys)}"
            )
        return self

    def windows(self) -> list[tuple[str, float | None]]:
        """Each key with each number of days that it is counted over."""
        return [(key, n) for key in self.keys for n in self.days_by_key.get(key, self.days)]

    @staticmethod
    def column(key: str, what: str, days: float | None) -> str:
        """Name of a prior count or rate: `item_shown`, `item_click_rate_7d`, …"""
        return f"{key}_{what}" + ("" if days is None else f"_{days:g}d")


class FeatureSplitSettings(Settings):
    """Which numeric features depend on the region (SEQ+MD, section 3.1)."""

    distance: Distance = "js"
    """Jensen-Shannon distance on quantile bins, which is from 0 to 1 and blind to how far apart
    values are; or Wasserstein-1 on robustly scaled values. The paper leaves it open; the first
    has a scale on which a threshold can be stated for any feature."""
    threshold: float = Field(0.3, ge=0)
    """Features whose largest distance between two regions is above are dependent; the paper gives
    none. Two samples of a thousand independent rows are 0.08 apart by chance, in 20 bins."""
    bins: int = Field(20, ge=2)
    """Quantile bins of the Jensen-Shannon distance."""
    min_rows: int = Field(50, ge=1)
    """Training rows with which a region is compared; with fewer, chance decides."""
    dependent: list[str] = []
    """Features that are dependent whatever was measured."""
    invariant: list[str] = []
    """Features that are invariant whatever was measured."""

    @model_validator(mode="after")
    def _one_of_both(self) -> FeatureSplitSettings:
        if both := sorted(set(self.dependent) & set(self.invariant)):
            raise ValueError(f"feature {both[0]!r} is set both dependent and invariant")
        return self


class LogSettings(Settings):
    """Columns of a log and what is made of them."""

    list_id: str | None = "list_id"
    """Rows that were shown together; null: every row is a list of its own."""
    user: str | None = "user_id"
    """Who was shown the list, which `history.keys` may count by. Null: it is not known."""
    region: str = "region"
    """Whose distributions of features may differ: country, market, scenario. One value a list."""
    platform: str | None = "platform"
    """Null: there is one."""
    time: str | None = "timestamp"
    """Unix seconds or a timestamp, UTC; a list is as old as its first row. Null: there is none,
    and `side` says what is trained on."""
    position: str | None = "position"
    """Place in the list, from which rows of a list are ordered."""
    item: str | None = "product_id"
    """What was shown; `popularity` is its rate of the first task before the list, and of a log
    without `time` that of the other rows that are trained on. Null: nothing is known to be popular.
    """
    side: str | None = None
    """Column with train, validation or test, for logs published in parts; null: by time."""
    tasks: list[str] = Field(["click", "cart", "purchase"], min_length=1)
    """Columns of labels, 0 or 1, in the order in which they happen: y_1 ≥ y_2 ≥ … ≥ y_k."""
    broken_order: Literal["refuse", "repair"] = "refuse"
    """A row on which a later task happened without an earlier one stops the run, or the earlier
    one counts as happened."""
    numeric: list[str] = []
    """Columns of numbers; one without a value counts as the median, and a flag says so."""
    categorical: list[str] = []
    """Columns of one category a row, of any type."""
    multivalued: list[str] = []
    """Columns that hold lists of categories."""
    logarithm: list[str] = []
    """Numeric and region columns read as sign(x)·log(1 + |x|), for those with a long tail; prior
    counts always are."""
    region_features: list[str] = []
    """Numeric columns that describe the region, one value a region; empty: a one-hot."""
    vocabulary_min_count: int = Field(1, ge=1)
    """Training rows of a category that has a number of its own; others share 0."""
    hash_buckets: dict[str, int] = {}
    """Categorical and multi-valued columns that are hashed, and into how many numbers; no
    vocabulary is kept of them."""
    clip: float | None = Field(10.0, gt=0)
    """Scaled values are cut to ± this; null: not."""
    validation_from: date | float = 0.8
    """First date of validation, or the share of the distinct dates before it."""
    test_from: date | float = 0.9
    """First date of the test, or the share of the distinct dates before it."""
    training_rows: dict[str, Annotated[int, Field(ge=0)]] = {}
    """Regions of which at most so many rows are learned from, those of training and validation
    together: whole lists, drawn by a hash of their names. The others are left out of both sides;
    prior counts, which are made before, still know them."""
    history: HistorySettings = HistorySettings()
    """Prior counts and rates that are added to the numeric features."""

    @model_validator(mode="after")
    def _columns_have_one_role(self) -> LogSettings:
        features = [*self.numeric, *self.categorical, *self.multivalued]
        for names in (self.tasks, features):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"column {twice[0]!r} is named twice")
        labels = {*self.tasks, *self.history.label_times.values()}
        if leaking := sorted(labels & {*features, *self.region_features}):
            raise ValueError(f"column {leaking[0]!r} is a label, and named as a feature")
        if strangers := sorted(set(self.history.label_times) - set(self.tasks)):
            raise ValueError(f"history.label_times: {strangers[0]!r} is none of the tasks")
        if self.history.keys and self.time is None:
            raise ValueError("history.keys: a log without `time` has nothing known before")
        if (self.time is None) and (self.side is None):
            raise ValueError("a log without `time` needs `side`, which says what is trained on")
        self._check_named("logarithm", "numeric", "region_features")
        self._check_named("hash_buckets", "categorical", "multivalued")
        return self

    def _check_named(self, field: str, *roles: str) -> None:
        """Refuse a column of `field` that has none of the roles."""
        known = [name for role in roles for name in getattr(self, role)]
        for name in getattr(self, field):
            if name not in known:
                hint = f"; {suggest(name, known)}" if known else ""
                raise ValueError(
                    f"{field}: {name!r} is no column of {' or '.join(roles)}{hint} (a log that "
                    f"sets no {field} of its own has that of all logs)"
                )

    @model_validator(mode="after")
    def _prior_columns_are_new(self) -> LogSettings:
        if "shown" in self.tasks:
            raise ValueError("a task cannot be called 'shown', which is what prior counts count")
        named = {*self.tasks, *self.numeric, *self.categorical, *self.multivalued}
        named |= {
            *self.region_features,
            *self.history.label_times.values(),
            self.list_id,
            self.user,
        }
        named |= {self.region, self.platform, self.time, self.position, self.item, self.side}
        named |= {column for columns in self.history.keys.values() for column in columns}
        prior = self.prior_columns()
        if taken := sorted(named & set(prior)):
            raise ValueError(
                f"history.keys: a prior count or rate would be called {taken[0]!r}, as a column "
                "is; name the key otherwise"
            )
        if len(prior) < len(self.history.windows()) * (1 + len(self.tasks)):
            raise ValueError(f"history.keys: two prior counts or rates share a name: {[*prior]}")
        return self

    def prior_columns(self) -> dict[str, bool]:
        """Names of the prior counts and rates, in order, and whether each is a count."""
        history, names = self.history, {}
        for key, days in history.windows():
            names[history.column(key, "shown", days)] = True
            names |= {history.column(key, f"{t}_rate", days): False for t in self.tasks}
        return names

    @model_validator(mode="after")
    def _cuts_ascend(self) -> LogSettings:
        cuts = (self.validation_from, self.test_from)
        for cut in cuts:
            if isinstance(cut, float) and not 0 < cut < 1:
                raise ValueError(f"expected a date or a share between 0 and 1, found {cut}")
        if type(cuts[0]) is type(cuts[1]) and not cuts[0] < cuts[1]:
            raise ValueError(f"validation_from {cuts[0]} is not before test_from {cuts[1]}")
        return self
