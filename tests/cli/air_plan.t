#!/usr/bin/python3
"""Disks that hang under a saved plan, and under a mix into files, whose time is longer than a test may last."""
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa
from streams import *  # noqa
from air import *  # noqa


def plan():
    songs(7)
    run("analyze", "songs.m3u")
    with open("plan.json", "wb") as f:
        f.write(run("plan", "--json", "songs.m3u").out)
    return "--plan=plan.json"


@test("a saved plan on the air: a song whose disk hangs, or that is gone, gives way to the next one; no hole")
def _():
    env = meddle()
    air = Air("plan", plan(), "--buffer=1M", "--sandbox=off", env=env)
    air.wait_for_song("a.wav")
    hang("/a.wav")
    air.wait_for_song("b.wav")
    os.remove("hangs")
    tones, silence = air.heard()
    assert silence < 0.1, (silence, tones, air.said())
    equal(len([line for line in air.lines if "a.wav" in line and "stalls" in line]), 1, air.said())
    equal([hz for hz, _ in tones], [300, 500], air.said())
    os.rename("b.wav", "away-b.wav")
    air = Air("gone", "--plan=plan.json", env=env)
    equal(air.end(), 0, air.said())
    os.rename("away-b.wav", "b.wav")
    samples = decode(air.listener.end())
    tones = [[hz, round(seconds)] for hz, seconds in tones_of(samples) if seconds >= 0.5]
    equal(tones, [[300, 7], [800, 7]], air.said())
    assert longest_silence(samples) < 0.25, (longest_silence(samples), air.said())


@test("a saved plan into a file waits for its disk, and gives the same bytes; who stops it does not wait")
def _():
    env = meddle()
    run(plan(), "-o", "whole.wav")
    hang("/b.wav")
    mix = Player("--plan=plan.json", "-o", "out.wav", "--sandbox=off", env=env)
    wait_for(lambda: os.path.exists("out.wav") and os.path.getsize("out.wav") > 1000000, "nothing is mixed")
    pass_time(3)
    assert mix.process.poll() is None, mix.said()
    os.remove("hangs")
    equal(mix.end(), 0, mix.said())
    with open("whole.wav", "rb") as a, open("out.wav", "rb") as b:
        assert a.read() == b.read(), "other bytes"
    os.remove("out.wav")
    hang("/b.wav")
    mix = Player("--plan=plan.json", "-o", "out.wav", "--sandbox=off", env=env)
    wait_for(lambda: os.path.exists("out.wav") and os.path.getsize("out.wav") > 1000000, "nothing is mixed")
    began = time.monotonic()
    equal(mix.end(signal.SIGTERM), 0, mix.said())
    os.remove("hangs")
    assert time.monotonic() - began < 15, mix.said()
    assert Wav("out.wav").seconds > 5, "nothing is there"


@test("a mix into a file gives up a disk that does not answer for two minutes, and no sooner (the clock goes forty times as fast)")
def _():
    env = meddle(speed=40)
    songs(6)
    hang("lookup:b.wav")
    began = time.monotonic()
    mix = Player("songs.m3u", "-o", "out.wav", "--sandbox=off", env=env)
    mix.wait_for_line("b.wav: skipped: its disk does not answer")
    took = 40 * (time.monotonic() - began)
    assert took >= 120, took
    os.remove("hangs")
    equal(mix.end(), 0, mix.said())
    near(Wav("out.wav").seconds, 12, 0.2)


@test("a disk that dies while a mix into a file plays: after two minutes a line for each song, silence in its place, and the others where they were")
def _():
    env = meddle(speed=40)
    os.makedirs("dead", exist_ok=True)
    names = ["first.wav", "dead/b.wav", "dead/c.wav", "dead/d.wav", "last.wav"]
    for name, hz in zip(names, (300, 500, 500, 500, 800)):
        tone(name, 4, hz, fade_out=0.5)
    playlist("dead.m3u", *names)
    with open("dead.json", "wb") as f:
        f.write(run("plan", "--json", "dead.m3u").out)
    want = [e["start"] for e in run("plan", "--json", "dead.m3u").json()["tracks"]]
    hang("/dead/")
    began = time.monotonic()
    mix = Player("--plan=dead.json", "-o", "out.wav", "--sandbox=off", "--jobs=2", "--strict", env=env)
    mix.wait_for_line("dead/b.wav: its disk or decoder does not answer: silence from there on")
    assert 40 * (time.monotonic() - began) >= 120, "too soon"
    equal(mix.end(), 3, mix.said())
    os.remove("hangs")
    equal([line.split(": ")[1] for line in mix.lines if "does not answer" in line], ["dead/b.wav", "dead/c.wav", "dead/d.wav"], mix.said())
    sound = Wav("out.wav").frames[:, 0]
    near(len(sound) / 44100, want[-1] + 4, 0.1)
    equal([hz for hz, seconds in tones_of(sound) if seconds > 0.5], [300, 0, 800])
    near(longest_silence(sound), want[-1] - 4, 0.1)


main()
