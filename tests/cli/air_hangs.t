#!/usr/bin/python3
"""Never stuck: decoders and disks that hang under songs, as listeners hear it."""
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa
from streams import *  # noqa
from air import *  # noqa


@test("a decoder that hangs in a song: given up with one line, the next song comes, no hole; the end does not wait for it")
def _():
    env = meddle()
    air = Air("stall", "--loop", songs(), "--fallback=fallback.wav", "--buffer=1M", "--sandbox=off", env=env)
    air.wait_for_song("a.wav")
    hang("/a.wav")
    air.wait_for_song("b.wav")
    began = time.monotonic()
    pass_time(3)
    tones, silence = air.heard()
    os.remove("hangs")
    assert time.monotonic() - began < 12, "the end took long"
    assert silence < 0.1, (silence, air.said(), tones)
    equal(len([line for line in air.lines if "a.wav" in line and "stalls" in line]), 1, air.said())
    equal([hz for hz, _ in tones if hz != 1500], [300, 500], air.said())


@test("decoding processes that are stopped, or killed, again and again: nothing is heard of it, and none is left")
def _():
    air = Air("stopped", "--loop", songs(), "--fallback=fallback.wav", "--buffer=1M")
    air.wait_for_song("a.wav")
    began, seen = time.monotonic(), set()

    def harass():
        for i, pid in enumerate(air.decoders()):
            seen.add(pid)
            os.kill(pid, signal.SIGSTOP if i % 2 == 0 else signal.SIGKILL)
        return time.monotonic() > began + 6
    wait_for(harass, "time passes")
    _, silence = air.heard()
    assert seen and silence < 0.1, (seen, silence, air.said())
    wait_for(lambda: not any(map(is_running, seen)), "a decoder is left")


@test("a disk that hangs, and with it all songs: the fallback; when it answers again, the programme; no hole")
def _():
    env = meddle()
    os.makedirs("disk", exist_ok=True)
    for name in ("a.wav", "b.wav", "c.wav"):
        tone("disk/" + name, 30, HZ[name])
    songs()
    playlist("disk.m3u", "disk/a.wav", "disk/b.wav", "disk/c.wav")
    run("analyze", "disk.m3u")
    air = Air("disk", "--loop", "disk.m3u", "--fallback=fallback.wav", "--buffer=1M", "--sandbox=off", env=env)
    air.wait_for_song("a.wav")
    hang("/disk/")
    wait_for(lambda: air.events("fallback"), "no fallback")
    pass_time(5)
    os.remove("hangs")
    wait_for(lambda: air.events("programme"), "the programme does not come back")
    air.wait_for_line("the programme goes on")
    pass_time(4)
    tones, silence = air.heard()
    assert silence < 0.1, (silence, tones, air.said())
    equal(tones[0][0], 300, tones)
    equal(tones[1][0], 1500, tones)
    assert tones[-1][0] != 1500, tones


@test("a song whose disk does not even tell that it is there: said, and the others play; when it answers, it is back")
def _():
    env = meddle(speed=2)
    songs(4)
    hang("lookup:b.wav")
    air = Air("dead", "--loop", "songs.m3u", env=env)
    air.wait_for_song("a.wav", 2)
    songs_heard = air.songs()
    os.remove("hangs")
    air.wait_for_song("b.wav")
    tones, _ = air.heard()
    assert set(songs_heard) == {"a.wav", "c.wav"}, songs_heard
    assert "b.wav: skipped: its disk does not answer" in air.said(), air.said()
    assert 500 in [hz for hz, _ in tones], tones


@test("the same in a file mix, which waits for it: who stops it does not")
def _():
    env = meddle()
    songs(6)
    hang("lookup:b.wav")
    mix = Player("songs.m3u", "-o", "out.wav", env=env)
    wait_for(lambda: any("lookup" in open(f"/proc/{mix.process.pid}/task/{t}/comm", encoding="utf-8").read()
                         for t in os.listdir(f"/proc/{mix.process.pid}/task")), "nothing is looked up")
    began = time.monotonic()
    equal(mix.end(signal.SIGTERM), 0, mix.said())
    assert time.monotonic() - began < 20, mix.said()
    os.remove("hangs")


@test("a disk that hangs for ever: the end comes in time all the same, and listeners get what there was")
def _():
    env = meddle()
    songs()
    for fallback in (["--fallback=fallback.wav"], []):
        air = Air("stuck", "--loop", "songs.m3u", "--buffer=1M", "--sandbox=off", *fallback, env=env)
        air.wait_for_song("a.wav")
        hang("/a.wav")
        air.wait_for_line("a.wav: its decoder stalls")
        hang(".wav")
        began = time.monotonic()
        equal(air.end(signal.SIGTERM), 0, air.said())
        assert time.monotonic() - began < 12, air.said()
        air.listener.end()
        os.remove("hangs")


main()
