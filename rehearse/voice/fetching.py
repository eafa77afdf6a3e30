"""The download that goes on beside the app: a process of its own, how far it is, and its end."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from threading import Event, Lock, Thread

from rehearse.catalog import Offered
from rehearse.voice import download
from rehearse.voice.progress import Progress, Tell

# How long it may take to end by itself once it is told to.
SECONDS_TO_END = 5.0
ONGOING = ("asking", "fetching", "checking")


class Fetching:
    """One download at a time. The app never goes online itself."""

    def __init__(self) -> None:
        """Begin with nothing to fetch."""
        self.offered: Offered | None = None
        self.progress = Progress("stopped")
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = Lock()
        self._stopped = False
        self._ended = Event()

    @property
    def ongoing(self) -> bool:
        """Whether something is being fetched now."""
        return self.offered is not None and self.progress.state in ONGOING

    def begin(self, offered: Offered, then: Tell = lambda progress: None) -> None:
        """Begin to fetch a voice, or go on with it; does nothing while one is being fetched.

        :param then: is called, in a thread, once that has ended, however it did.
        """
        with self._lock:
            if self.ongoing:
                return
            self.offered, self.progress = offered, Progress("asking", download.arrived(offered), offered.size)
            self._stopped, self._process = False, None
            self._ended = Event()
        Thread(target=self._follow, args=(offered, then), name="fetching", daemon=True).start()

    def stop(self) -> None:
        """Stop it; what has arrived stays, until it is gone on with or thrown away. Returns once it has ended."""
        with self._lock:
            self._stopped = True
            process, ended = self._process, self._ended
        if process is None:
            return
        if process.stdin is not None:
            # To it this is the end of whoever wants the voice.
            process.stdin.close()
        try:
            process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        # The process is gone a moment before it is known how it ended.
        ended.wait(SECONDS_TO_END)

    def forget(self) -> None:
        """Throw away what has arrived, and what is told of it."""
        with self._lock:
            if self.offered is not None and not self.ongoing:
                download.throw_away(self.offered)
                self.offered, self.progress = None, Progress("stopped")

    def _follow(self, offered: Offered, then: Tell) -> None:
        try:
            ended = self._told(offered)
        except OSError:
            ended = Progress("failed")
        if ended.state == "failed" and not ended.happened:
            ended = Progress(
                "failed",
                download.arrived(offered),
                offered.size,
                happened="The download was ended from outside.",
                remedy="What has arrived is kept: ask for it again, and it goes on from there.",
            )
        self.progress = ended
        self._ended.set()
        then(ended)

    def _told(self, offered: Offered) -> Progress:
        """Start the process, follow what it tells, and return its last word."""
        root = str(Path(__file__).resolve().parents[2])
        paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
        with subprocess.Popen(
            [sys.executable, "-m", "rehearse.voice.download"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        ) as process:
            assert process.stdin is not None and process.stdout is not None
            with self._lock:
                self._process = process
                stopped = self._stopped
            if stopped:
                process.stdin.close()
            else:
                process.stdin.write(json.dumps(asdict(offered)).encode() + b"\n")
                process.stdin.flush()
            last = Progress("failed")
            for line in process.stdout:
                last = Progress(**json.loads(line))
                if last.state in ONGOING:
                    self.progress = last
        with self._lock:
            self._process = None
        if self._stopped and last.state != "done":
            return Progress("stopped", download.arrived(offered), offered.size)
        return last if last.state not in ONGOING else Progress("failed")
