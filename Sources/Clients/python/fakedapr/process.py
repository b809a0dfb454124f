"""Starts and ends a `fakedapr serve`."""

import ctypes
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time


class ProcessError(Exception):
    """A fakedapr that cannot be started."""


class Process:
    """A `fakedapr serve` on a free port, ready when made; it ends with this process."""

    def __init__(self, arguments=("--store", "memory"), program=None, folder=None, timeout=30.0):
        program = program or os.environ.get("FAKEDAPR_PROGRAM") or "fakedapr"
        if not shutil.which(program):
            raise ProcessError(
                f"there is no program {program}: install fakedapr, or name it by "
                "--fakedapr-program or FAKEDAPR_PROGRAM"
            )
        self._errors = tempfile.TemporaryFile()
        reading, writing = os.pipe()
        words = [program, "serve", "--port", "0", "--ready-fd", str(writing), *arguments]
        try:
            self._child = subprocess.Popen(
                words,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                pass_fds=[writing],
                # Ctrl-C is for the tests; they end what they have started.
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
        finally:
            os.close(writing)
        try:
            self.url = self._wait(reading, timeout)
        except BaseException:
            self.stop()
            raise
        finally:
            os.close(reading)

    def _wait(self, descriptor, timeout):
        line = b""
        deadline = time.monotonic() + timeout
        while not line.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise ProcessError(f"fakedapr is not ready after {timeout:g} s\n{self.errors}")
            piece = os.read(descriptor, 4096)
            if not piece:
                self._child.wait()
                raise ProcessError(f"fakedapr ended at its start\n{self.errors}")
            line += piece
        return line.decode().strip()

    @property
    def errors(self):
        """What it has written to standard error."""
        self._errors.seek(0)
        return self._errors.read().decode("utf-8", "replace")

    def stop(self, timeout=10.0):
        if self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(timeout)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        return self._child.returncode


def _end_with_parent():
    """Even a parent that is killed leaves no fakedapr behind (prctl's PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
