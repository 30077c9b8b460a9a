"""A running programme under a test's hands: its sound comes through a pipe, so the test sets the pace."""
import os
import signal
import socket
import subprocess
import time

import numpy

import cli
from cli import wait_for

RATE = 44100


class Programme:
    """`jukebox mix` with a control socket and events, into a pipe of raw floats."""

    def __init__(self, *arguments, name="programme", paced=True, env=None):
        self.socket, self.events_file = f"{name}.sock", f"{name}.events"
        if os.path.exists(self.events_file):
            os.remove(self.events_file)
        output = ["-o", "raw:-", "--format=f32"] if paced else []
        self.errors = open(f"{name}.err", "w+b")
        self.process = subprocess.Popen(
            [cli.JUKEBOX, *map(os.fspath, arguments), *output, f"--control={self.socket}", f"--events={self.events_file}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors, env=dict(os.environ, **(env or {})))
        self.frames = numpy.zeros((0, 2), "<f4")
        wait_for(lambda: self.is_listening() or self.process.poll() is not None, "no socket")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.stdout.close()
        self.process.wait()
        self.errors.close()

    def is_listening(self):
        try:
            self.connect().close()
            return True
        except OSError:
            return False

    def connect(self):
        s = socket.socket(socket.AF_UNIX)
        s.connect(self.socket)
        s.settimeout(cli.LONGEST_SECONDS)
        return s

    def ctl(self, *words, status=0):
        return cli.run("ctl", f"--socket={self.socket}", *words, status=status)

    def status(self):
        return self.ctl("--json", "status").json()

    def read(self, seconds):
        """So much sound (less at the end), which is also kept in .frames."""
        data = self.process.stdout.read(8 * round(seconds * RATE))
        sound = numpy.frombuffer(data[:len(data) // 8 * 8], "<f4").reshape(-1, 2)
        self.frames = numpy.concatenate((self.frames, sound))
        return sound

    def read_until_planned(self, times=1):
        """Reads on, little by little and not faster than a slow machine plans, until what was asked for is planned."""
        def look():
            time.sleep(0.03)
            return len(self.events("planned")) >= times or not len(self.read(0.1))
        wait_for(look, "nothing was planned")

    def rest(self):
        sound = self.read(0)
        while len(more := self.read(10)):
            sound = numpy.concatenate((sound, more))
        return sound

    def said(self):
        self.errors.flush()
        with open(self.errors.name, encoding="utf-8", errors="replace") as f:
            return f.read()

    def events(self, *kinds):
        return cli.events_in(self.events_file, *kinds)

    def songs(self):
        """Names of the songs that began, in order."""
        return [os.path.basename(e["path"]) for e in self.events("start")]

    def signal(self, number):
        self.process.send_signal(number)

    def end(self):
        """Takes the rest, and waits: the exit status."""
        self.rest()
        return self.process.wait(timeout=cli.LONGEST_SECONDS)


def levels_db(sound, window_s=0.05):
    """RMS of the left channel in dBFS, a value a window."""
    n = round(window_s * RATE)
    blocks = sound[:len(sound) // n * n, 0].reshape(-1, n).astype(float)
    return 10 * numpy.log10((blocks ** 2).mean(axis=1) + 1e-12)


def steps(sound):
    """Largest change from frame to frame."""
    return float(numpy.abs(numpy.diff(sound[:, 0].astype(float))).max()) if len(sound) > 1 else 0.0


def has_hz(sound, hz, window_s=0.25):
    """For each window the amplitude of this frequency."""
    n = round(window_s * RATE)
    t = numpy.arange(n) / RATE
    wave = numpy.exp(-2j * numpy.pi * hz * t) * numpy.hanning(n) * 4 / n
    blocks = sound[:len(sound) // n * n, 0].reshape(-1, n).astype(float)
    return numpy.abs(blocks @ wave)
