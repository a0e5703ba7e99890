"""A process that calls `launch.run`, so that a test can interrupt, stop or kill it."""

import json
import logging
import sys
import threading
from pathlib import Path

from shoplm import launch


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    asked = json.loads(sys.argv[1])

    def run() -> None:
        launch.run(
            asked["program"],
            [Path(file) for file in asked["run_files"]],
            Path(asked["directory"]),
            launch.LaunchSettings(**asked["settings"]),
        )

    if asked.get("thread"):
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    else:
        run()


if __name__ == "__main__":
    main()
