"""A cluster of this machine's own processes: a Dask scheduler, and workers."""

import os
import re
import subprocess
import sys
import time


class Machines:
    """A Dask scheduler and workers on this machine, each a process of its own."""

    def __init__(self, folder, course_root):
        self.folder = folder
        self.environment = os.environ | {"COURSE_ROOT": str(course_root), "CUDA_VISIBLE_DEVICES": "-1"}
        self.processes = []
        self.start("scheduler", "--port", "0", "--host", "127.0.0.1", "--no-dashboard")
        self.address = self.said(r"Scheduler at:\s+(tcp://\S+)")

    def start(self, *words):
        log = (self.folder / f"{len(self.processes)}.log").open("w")
        code = "from distributed.cli import dask_{0}; dask_{0}.main()".format(words[0])
        command = [sys.executable, "-c", code, *words[1:]]
        pipes = {"stdout": log, "stderr": subprocess.STDOUT}
        self.processes.append(subprocess.Popen(command, cwd=self.folder, env=self.environment, **pipes))
        return self.processes[-1]

    def worker(self, name, **environment):
        before, self.environment = self.environment, self.environment | environment
        words = ["--nthreads", "1", "--no-nanny", "--name", name, "--no-dashboard", "--host", "127.0.0.1"]
        process = self.start("worker", self.address, *words)
        self.environment = before
        self.said(r"Registered to:\s+(tcp://\S+)")
        return process

    def said(self, pattern, seconds=60):
        path = self.folder / f"{len(self.processes) - 1}.log"
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := re.search(pattern, path.read_text()):
                return found[1]
            time.sleep(0.1)
        raise AssertionError(path.read_text())

    def close(self):
        for process in reversed(self.processes):
            process.kill()
            process.wait()
