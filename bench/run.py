"""Wall time and peak memory of all chapters together: quick one after the other, and smoke two at a time."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import against

SECONDS_A_CHAPTER = {"quick": 51, "smoke": 12.8}  # so that all fourteen take 12 minutes, and 3
LIMIT_MEGABYTES = 2000
JOBS = {"quick": 1, "smoke": 2}


def report(profile):
    """The report of ``course run`` on all chapters, in whatever order their status is."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "utils.course", "run", "--json", "--no-cache"]
            + ["--profile", profile, "--jobs", str(JOBS[profile]), "--out", folder],
            cwd=Path(__file__).parents[1],
            stdout=subprocess.PIPE,
            text=True,
        )
    return json.loads(done.stdout)


if __name__ == "__main__":
    kept = []
    for profile in sys.argv[1:] or JOBS:
        run = report(profile)
        for chapter in run["chapters"]:
            print("  {name:<24} {seconds:7.1f} s {peak_rss_mb:7.0f} MB  {status}".format(**chapter))
        peak = max(chapter["peak_rss_mb"] for chapter in run["chapters"])
        kept.append(all(chapter["status"] == "ok" for chapter in run["chapters"]))
        limit = SECONDS_A_CHAPTER[profile] * len(run["chapters"])
        kept.append(against(f"{profile}, --jobs {JOBS[profile]}", run["wall_seconds"], limit, "s"))
        kept.append(against(f"{profile}, largest kernel", peak, LIMIT_MEGABYTES, "MB"))
    sys.exit(not all(kept))
