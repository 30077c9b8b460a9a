"""A live programme with a listener."""
import os
import signal
import time

from cli import *  # noqa
from meddling import *  # noqa
from processes import *  # noqa
from streams import *  # noqa

HZ = {"a.wav": 300, "b.wav": 500, "c.wav": 800, "fallback.wav": 1500}


class Air(Player):
    """A live programme, with its events, and what a listener gets of it."""

    def __init__(self, name, *arguments, env=None, listen=True):
        if b"httpd" not in run("--version").out:
            skip("built without libmicrohttpd")
        self.name, self.listener = name, None
        for ending in (".events", ".flac"):
            if os.path.exists(name + ending):
                os.remove(name + ending)
        super().__init__(*arguments, "-o", "httpd://127.0.0.1:0/x.flac", f"--events={name}.events", env=env)
        url = self.wait_for_line("listen at").split()[-1]
        if listen:
            self.listener = Listener(url, name + ".flac")

    def events(self, *kinds):
        return events_in(self.name + ".events", *kinds)

    def songs(self):
        return [os.path.basename(e["path"]) for e in self.events("start")]

    def wait_for_song(self, name, times=1):
        wait_for(lambda: self.songs().count(name) >= times or self.process.poll() is not None, f"{name}: {self.said()}")
        assert self.process.poll() is None, self.said()

    def stand_still(self, seconds):
        self.process.send_signal(signal.SIGSTOP)
        pass_time(seconds)
        self.process.send_signal(signal.SIGCONT)

    def heard(self):
        """Stops, and tells the tones that were heard: [[Hz, seconds], ...], and the longest silence."""
        equal(self.end(signal.SIGTERM), 0, self.said())
        samples = decode(self.listener.end())
        return [[hz, seconds] for hz, seconds in tones_of(samples) if seconds >= 0.5], longest_silence(samples)

    def decoders(self):
        return decoders_of(self.process.pid)


def pass_time(seconds):
    """For what happens in real time, and tells nothing."""
    end = time.monotonic() + seconds
    wait_for(lambda: time.monotonic() > end, "time passes")


def songs(seconds=30):
    for name in ("a.wav", "b.wav", "c.wav"):
        tone(name, seconds, HZ[name])
    tone("fallback.wav", 3, HZ["fallback.wav"])
    run("analyze", "--cache=songs.m3u.jukebox", *HZ)
    return playlist("songs.m3u", "a.wav", "b.wav", "c.wav")
