#!/usr/bin/python3
"""A live programme and time: measurements that take long, clocks that step, a machine that stands still."""
import datetime
import json
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa
from streams import *  # noqa
from air import *  # noqa


def niceness(stat):
    try:
        with open(stat, encoding="utf-8", errors="replace") as f:
            text = f.read()
        return text.split("(", 1)[1].rsplit(")", 1)[0], int(text.rsplit(")", 1)[1].split()[16])
    except OSError:
        return "", 0


@test("a song that is not measured in time is passed over: what is measured plays, joined as ever; it comes when it is known")
def _():
    env = meddle(speed=3)
    for name in ("a.wav", "b.wav", "c.wav"):
        tone(name, 12, HZ[name])
    tone("slow.wav", 12, 1200)
    playlist("slow.m3u", "a.wav", "b.wav", "slow.wav", "c.wav")
    run("analyze", "--cache=slow.m3u.jukebox", "a.wav", "b.wav", "c.wav")
    hang("measure:slow.wav")
    air = Air("late", "--loop", "slow.m3u", "--sandbox=off", env=env)
    air.wait_for_line("is not measured in time")
    air.wait_for_song("c.wav")
    equal(air.songs(), ["a.wav", "b.wav", "c.wav"])
    os.remove("hangs")
    air.wait_for_song("b.wav", 2)
    air.wait_for_song("slow.wav")
    equal(air.songs()[3:], ["a.wav", "b.wav", "slow.wav"], air.said())
    tones, silence = air.heard()
    assert silence < 0.3 and not air.events("fallback"), (silence, tones, air.said())


@test("beside a live programme new songs are measured at the lowest priority, and so are their decoders")
def _():
    songs()
    tone("long.wav", 250, 700)
    playlist("new.m3u", "a.wav", "b.wav", "long.wav")
    run("analyze", "--cache=new.m3u.jukebox", "a.wav", "b.wav")
    air = Air("new", "--loop", "new.m3u", listen=False)

    def look():
        return [niceness(f"/proc/{pid}/stat")[1] for pid in air.decoders()]
    wait_for(lambda: 19 in look(), "long.wav is not decoded at the lowest priority")
    tasks = [niceness(f"/proc/{air.process.pid}/task/{task}/stat") for task in os.listdir(f"/proc/{air.process.pid}/task")]
    assert ("measure", 19) in tasks, tasks
    ours = niceness("/proc/self/stat")[1]
    equal({nice for name, nice in tasks if name not in ("measure", "measured", "")}, {ours})
    equal(air.end(signal.SIGTERM), 0, air.said())


@test("the wall clock steps by hours, to and fro, and the machine sleeps: nothing is heard of it")
def _():
    env = meddle()
    for name in ("a.wav", "b.wav"):
        tone(name, 3, HZ[name])
    air = Air("clock", "--loop=2", playlist("clock.m3u", "a.wav", "b.wav"), "--state=clock.state",
              env=dict(env, MEDDLE_STEP="-7200", MEDDLE_SLEEP=os.path.abspath("sleeps")))
    began = time.monotonic()
    air.wait_for_song("b.wav")
    playlist("sleeps", "x")
    equal(air.end(), 0, air.said())
    near(time.monotonic() - began, 11.5, 1.6)
    samples = decode(air.listener.end())
    heard = [[hz, seconds] for hz, seconds in tones_of(samples) if seconds > 0.5]
    equal([hz for hz, _ in heard], [300, 500, 300, 500], air.said())
    for _, seconds in heard:
        near(seconds, 3, 0.3)
    assert longest_silence(samples) < 0.3
    stamps = {e["time"][:13] for e in air.events()}
    assert len(stamps) > 1, f"the clock did not step: {stamps}"
    equal([e["text"][:25] for e in air.events("late")], ["the machine was suspended"], air.said())


@test("stopped for three seconds: they are made up for, and the stream lacks nothing")
def _():
    air = Air("held", "--loop", songs())
    air.wait_for_song("a.wav")
    air.stand_still(3)
    pass_time(4)
    tones, silence = air.heard()
    assert "took nothing" not in air.said() and silence < 0.1, (silence, air.said())
    near(sum(seconds for _, seconds in tones), air.events("stop")[0]["second"] + 0.8, 0.5)


@test("stopped for a while, and continued: what is lost is told, no burst, no drift, nothing is given up")
def _():
    air = Air("paused", "--loop", songs(16))
    air.wait_for_song("a.wav")
    air.stand_still(8)
    air.wait_for_line("stood still for")
    first = air.events("late")[0]
    air.wait_for_song("b.wav")
    second = [e for e in air.events("start") if os.path.basename(e["path"]) == "b.wav"][0]
    # By the program's own stamps: this test may be late to look.
    at = [datetime.datetime.fromisoformat(e["time"].replace("Z", "+00:00")) for e in (first, second)]
    near((at[1] - at[0]).total_seconds(), 16 - first["second"], 1.5)
    equal(len(air.events("late")), 1)
    tones, silence = air.heard()
    assert silence < 0.25 and not air.events("failed", "fallback"), air.said()
    equal([hz for hz, _ in tones], [300, 500])
    near(tones[0][1], 16, 0.2)


main()
