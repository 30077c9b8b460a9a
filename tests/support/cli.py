"""TAP, and a few tools, for tests of the program from outside (tests/cli/*.t).

A test is a function marked with @test("what it shows"); it fails by an exception (assert, equal, ...) and is left out
by skip("reason").  Each test file has a folder of its own, WORK, which is the current folder; sound is made
there.  The program is named by JUKEBOX, or is build/jukebox.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

import numpy

TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
JUKEBOX = os.environ.get("JUKEBOX") or os.path.join(TOP, "build", "jukebox")
WORK = tempfile.mkdtemp(prefix="cli-")
# A sanitizer build is slower, and so is a busy machine: this only catches what hangs.
LONGEST_SECONDS = 0.8 * float(os.environ.get("TEST_SECONDS") or 300)

_tests = []


def wait_for(condition, what):
    """No fixed sleeps: looks again until it is so, and returns what it saw."""
    end = time.monotonic() + LONGEST_SECONDS
    while True:
        seen = condition()
        if seen:
            return seen
        assert time.monotonic() < end, what
        time.sleep(0.01)


def is_sanitized():
    """Its library wants to be loaded first; freed memory is kept for a while."""
    with open(JUKEBOX, "rb") as f:
        program = f.read()
    return b"__asan_init" in program or b"__tsan_init" in program


class Skip(Exception):
    pass


def skip(reason):
    raise Skip(reason)


def test(name):
    def add(function):
        _tests.append((name, function))
        return function
    return add


def main():
    os.chdir(WORK)
    os.environ.setdefault("XDG_CACHE_HOME", os.path.join(WORK, "cache-home"))
    failed = 0
    print(f"1..{len(_tests)}")
    for number, (name, function) in enumerate(_tests, 1):
        try:
            function()
            print(f"ok {number} - {name}")
        except Skip as reason:
            print(f"ok {number} - {name} # SKIP {reason}")
        except Exception:
            failed += 1
            print(f"not ok {number} - {name}")
            print("# " + traceback.format_exc().replace("\n", "\n# "))
        sys.stdout.flush()
    os.chdir("/")
    shutil.rmtree(WORK, ignore_errors=True)
    sys.exit(1 if failed else 0)


# ---- running ---------------------------------------------------------------------------------------

class Ran:
    """What became of a run: status (negative: a signal), out (bytes), err (text), lines (of err)."""

    def __init__(self, arguments, process, out, err):
        self.arguments, self.status, self.out = arguments, process.returncode, out
        self.err = err.decode("utf-8", "backslashreplace")
        self.lines = self.err.splitlines()

    def __str__(self):
        return f"{self.arguments} -> status {self.status}, {len(self.out)} bytes, said:\n{self.err}"

    def json(self):
        return json.loads(self.out)

    def json_lines(self):
        return [json.loads(line) for line in self.out.splitlines()]


def run(*arguments, status=0, stdin=None, stdout=None, env=None, cwd=None):
    """Runs the program; its status must be `status` (None: any)."""
    arguments = [os.fspath(a) for a in arguments]
    process = subprocess.Popen([JUKEBOX, *arguments], stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
                               stdout=stdout or subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd,
                               env=dict(os.environ, **(env or {})))
    try:
        out, err = process.communicate(stdin, timeout=LONGEST_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    ran = Ran(arguments, process, out or b"", err)
    assert status is None or ran.status == status, f"wanted status {status}: {ran}"
    return ran


def events_in(path, *kinds):
    """What --events wrote so far, but for a line that is not finished; of some kinds only."""
    try:
        with open(path, encoding="utf-8") as f:
            lines = f.read().split("\n")[:-1]
    except FileNotFoundError:
        return []
    return [e for e in map(json.loads, lines) if not kinds or e["event"] in kinds]


def equal(got, wanted, what=""):
    assert got == wanted, f"{what}: got {got!r}, wanted {wanted!r}"


def near(got, wanted, tolerance, what=""):
    assert abs(got - wanted) <= tolerance, f"{what}: got {got!r}, wanted {wanted!r} +- {tolerance}"


# ---- sound -----------------------------------------------------------------------------------------

def tone(path, seconds=3.0, hz=440.0, db=-12.0, rate=44100, channels=2, fade_out=0.0, silence=0.0):
    """Writes a WAV (s16) of a sine of this level (dBFS of its peak) and returns its path."""
    t = numpy.arange(round(seconds * rate)) / rate
    sound = 10 ** (db / 20) * numpy.sin(2 * numpy.pi * hz * t)
    if fade_out:
        sound *= numpy.clip((seconds - t) / fade_out, 0, 1)
    sound = numpy.concatenate((sound, numpy.zeros(round(silence * rate))))
    write_wav(path, numpy.repeat(sound[:, None], channels, axis=1), rate)
    return path


def write_wav(path, sound, rate=44100):
    data = numpy.clip(numpy.round(sound * 32767), -32768, 32767).astype("<i2").tobytes()
    channels = sound.shape[1]
    number = lambda value, size: int(value).to_bytes(size, "little")
    with open(path, "wb") as f:
        f.write(b"RIFF" + number(36 + len(data), 4) + b"WAVEfmt " + number(16, 4) + number(1, 2) + number(channels, 2) +
                number(rate, 4) + number(rate * channels * 2, 4) + number(channels * 2, 2) + number(16, 2) +
                b"data" + number(len(data), 4) + data)


class Wav:
    """A WAV or RF64 file in bytes, as its header says: rate, channels, bits, is_float, data_size, frames (float64)."""

    def __init__(self, data):
        if not isinstance(data, bytes):
            with open(data, "rb") as f:
                data = f.read()
        assert data[:4] in (b"RIFF", b"RF64") and data[8:12] == b"WAVE", data[:16]
        number = lambda at, size: int.from_bytes(data[at:at + size], "little")
        self.riff_size, at = number(4, 4), 12
        while data[at:at + 4] != b"data":
            if data[at:at + 4] == b"fmt ":
                tag, self.channels, self.rate, self.bits = number(at + 8, 2), number(at + 10, 2), number(at + 12, 4), number(at + 22, 2)
                self.is_float = (number(at + 32, 2) if tag == 0xfffe else tag) == 3
            at += 8 + number(at + 4, 4) + number(at + 4, 4) % 2
            assert at < len(data), "no data chunk"
        self.data_size = number(at + 4, 4)
        self.body = data[at + 8:]
        self.frames = self._samples().reshape(-1, self.channels)

    def _samples(self):
        if self.is_float:
            return numpy.frombuffer(self.body, "<f4").astype(float)
        if self.bits == 16:
            return numpy.frombuffer(self.body, "<i2") / 32768
        if self.bits == 32:
            return numpy.frombuffer(self.body, "<i4") / 2147483648
        three = numpy.frombuffer(self.body, "u1").reshape(-1, 3).astype(numpy.int32)
        return ((three[:, 0] | three[:, 1] << 8 | three[:, 2] << 16) << 8 >> 8) / 8388608

    @property
    def seconds(self):
        return len(self.frames) / self.rate


def loudness(path, start=0.0, seconds=None):
    """Integrated LUFS and true peak (dBTP) by ffmpeg's ebur128."""
    part = ["-ss", str(start)] + (["-t", str(seconds)] if seconds else [])
    said = subprocess.run(["ffmpeg", "-hide_banner", "-nostdin", "-nostats", *part, "-i", path, "-af", "ebur128=peak=true",
                           "-f", "null", "-"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True).stderr
    summary = said[said.rindex("Summary:"):]
    return float(re.search(r"I: +(\S+) LUFS", summary)[1]), float(re.search(r"Peak: +(\S+) dBFS", summary)[1])


def make_music(folder="music"):
    """Six short pieces in four formats, and their list."""
    subprocess.run([os.path.join(TOP, "tests", "support", "make-music"), "--short", folder], check=True)
    return os.path.join(folder, "music.m3u")


def playlist(path, *entries):
    with open(path, "wb") as f:
        f.write(b"".join(os.fsencode(entry) + b"\n" for entry in entries))
    return path
