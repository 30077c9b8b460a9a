#!/usr/bin/python3
"""The status line of a terminal, as a terminal gets it: one line, and none where there is no terminal."""
import os
import pty
import select
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa

LINE = re.compile(r"\r\x1b\[K\x1b\[\?7l([^\r\n]*?)\x1b\[\?7h")


def on_terminal(*arguments, stop_after=None):
    """What a terminal on standard error gets; stop_after: INT when that many status lines came."""
    master, slave = pty.openpty()
    process = subprocess.Popen([JUKEBOX, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=slave)
    os.close(slave)
    said, end = b"", time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < end:
        if select.select([master], [], [], 1)[0]:
            try:
                more = os.read(master, 65536)
            except OSError:  # the other end is closed
                break
            if not more:
                break
            said += more
            if stop_after and len(LINE.findall(said.decode())) >= stop_after and process.poll() is None:
                process.send_signal(2)
                stop_after = None
    os.close(master)
    return process.wait(), said.decode("utf-8")


def songs(n, seconds):
    for i in range(n):
        tone(f"{i}.wav", seconds, 300 + 100 * i)
    entries = [line for i in range(n) for line in (f"#EXTINF:{seconds},Ärtist - Söng \x1b]0;{i}\a", f"{i}.wav")]
    return playlist("songs.m3u", "#EXTM3U", *entries)


@test("mixing to a file: position, total, speed, time left, and what is on; one line, gone at the end")
def _():
    status, said = on_terminal("--plain", songs(3, 60), "-o", "mix.wav?rate=48000", "-o", "a.ogg?quality=9")
    equal(status, 0, said)
    lines = LINE.findall(said)
    assert len(lines) >= 4, said
    equal(lines[-1], "", "the last one takes it away")
    shape = re.compile(r"(\d+:\d\d) of about (\d+:\d\d) \((\d+) %\)(, [\d.]+x, \d+:\d\d left)?: ([123]) of 3, (.*)")
    seen = [shape.fullmatch(line) for line in lines if " of about " in line]
    assert seen and all(seen), lines
    equal({m[2] for m in seen}, {"3:00"}, "total")
    assert any(m[4] for m in seen), lines
    equal(sorted({m[5] for m in seen}), ["1", "2", "3"])
    assert all("rtist - S" in m[6] and r"\x1b]0;" in m[6] for m in seen), lines
    places = [int(m[1].split(":")[0]) * 60 + int(m[1].split(":")[1]) for m in seen]
    equal(places, sorted(places))
    # Nothing else drives the terminal: no title is set, no bell, no line feed but behind whole lines.
    rest = LINE.sub("", said).replace("\r\x1b[K", "")
    assert "\x1b" not in rest and "\a" not in rest, rest


@test("a saved plan knows its length")
def _():
    with open("plan.json", "wb") as f:
        f.write(run("plan", "--json", "--plain", songs(3, 20)).out)
    status, said = on_terminal("mix", "--plan", "plan.json", "-o", "planned.ogg?quality=9")
    equal(status, 0, said)
    assert any(re.match(r"\d+:\d\d of 1:00 \(\d+ %\)", line) for line in LINE.findall(said)), said


@test("in real time the song's own time is shown; without an end there is no total")
def _():
    status, said = on_terminal("--plain", "--loop", songs(2, 30), "-o", "httpd://127.0.0.1:0/x.mp3", stop_after=4)
    equal(status, 0, said)
    lines = [line for line in LINE.findall(said) if line]
    assert lines and all(re.match(r"\d+:\d\d of 0:30: \d+, Ärtist - Söng ", line) for line in lines), lines


@test("without a terminal, and with --quiet, nothing of it is written")
def _():
    ran = run("--plain", songs(2, 20), "-o", "mix.wav")
    assert "\x1b" not in ran.err and "\r" not in ran.err and " left" not in ran.err, ran
    status, said = on_terminal("--quiet", "--plain", "songs.m3u", "-o", "mix.wav")
    equal((status, said), (0, ""))


main()
