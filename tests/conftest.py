"""Settings of the whole suite."""

import os

from hypothesis import settings

os.environ["DO_NOT_TRACK"] = "true"
settings.register_profile("suite", deadline=None)  # a shared machine pauses where it likes
settings.load_profile("suite")
