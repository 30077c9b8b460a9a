#!/usr/bin/python3
"""Rotations: what is played how often, what is due at a time of day, reloads, resumed runs, and what is said of mistakes."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa
from radio import *  # noqa
from wallclock import WallClock

NOON = 1767268800  # 2026-01-01 12:00 UTC


def write(path, text):
    with open(path + ".new", "w") as f:
        f.write(text)
    os.rename(path + ".new", path)


def make_music(seconds=8.0):
    for folder, n in (("music", 6), ("old music", 3), ("jingles", 2)):
        os.makedirs(folder, exist_ok=True)
        for i in range(n):
            tone(f"{folder}/{folder[0]}{i}.wav", seconds, 300 + 40 * i)
    tone("news.wav", seconds, 900)
    with open("music.m3u", "w") as f:
        f.write("".join(f"music/m{i}.wav\n" for i in range(6)))


STATION = '# a station\nmusic.m3u * 3\n"old music/"\njingles every 4 songs\nat 12:00 news.wav\n'


def planned(*options):
    ran = run("plan", "--json", *options)
    return [os.path.splitext(os.path.basename(t["path"]))[0] for t in ran.json()["tracks"]], ran


@test("weights, and every so many songs")
def _():
    make_music()
    write("station.rotation", STATION)
    names, _ = planned("station.rotation")
    equal(names[:11], "m0 m1 o0 m2 j0 m3 m4 o1 m5 j1 m0".split())
    assert names.count("o2") == 1 and "news" not in names, names
    again, _ = planned("--loop=3", "station.rotation")
    equal(again[:len(names)], names)
    equal(again.count("o2"), 3)


@test("shuffled, it has the same shape, and each list its own order")
def _():
    names, _ = planned("--shuffle", "--seed=4", "--loop=4", "station.rotation")
    shape = "".join(name[0] for name in names)
    assert shape.startswith("mmomjmmomj"), shape
    songs = [name for name in names if name[0] == "m"]
    for i in range(0, len(songs) - 5, 6):
        equal(sorted(songs[i:i + 6]), [f"m{k}" for k in range(6)])


@test("a mistake is told with its line; the rest of a station does without a list that is not there")
def _():
    for line, words in (("music.m3u * 0", "weight"), ("music.m3u every day", "every"), ("at 25:00 news.wav", "12:00"), ("music.m3u and more", "understood"),
                        ('"music.m3u', "quote")):
        write("wrong.rotation", "# so\n\n" + line + "\n")
        ran = run("wrong.rotation", "-o", "null:", status=1)
        assert "wrong.rotation:3: " in ran.err and words in ran.err, ran
    write("part.rotation", "gone.m3u*2\nmusic.m3u\n")
    names, ran = planned("part.rotation")
    equal(names, [f"m{i}" for i in range(6)])
    assert "part.rotation:1: " in ran.err and "gone.m3u" in ran.err, ran
    write("none.rotation", "at 12:00 news.wav\n")
    assert "no music" in run("none.rotation", "-o", "null:", status=1).err
    write("self.rotation", "self.rotation\n")
    assert "not inside another" in run("self.rotation", "-o", "null:", status=1).err
    assert "alone" in run("station.rotation", "music.m3u", "-o", "null:", status=None).err


@test("a rotation of which nothing can be played ends")
def _():
    write("bad.flac", "fLaC no music")
    write("bad.rotation", "bad.flac\nbad.flac every 1 song\n")
    run("--loop", "bad.rotation", "-o", "null:", status=1)


@test("what has its time comes behind the song on air, once, whatever the clock does")
def _():
    clock = WallClock(NOON - 30)
    with Programme("--loop", "station.rotation", env=clock.env) as p:
        p.read(2)
        clock.set(NOON + 5)
        wait_for(lambda: [i for i in p.status()["queue"] if "news.wav" in i["path"]], "no news")
        p.read_until_planned()
        p.read(18)
        told = [os.path.basename(e.get("path", "planned")) for e in p.events("planned", "start")]
        equal(told[told.index("planned") + 1], "news.wav", told)
        clock.set(NOON - 600)  # set back: no second news
        clock.set(NOON + 20)
        p.read(56)
        equal(p.songs().count("news.wav"), 1)
        p.signal(signal.SIGTERM)
        equal(p.end(), 0, p.said())


@test("a reload keeps each list's place; another weight counts from there on")
def _():
    write("live.rotation", "music.m3u\n\"old music\"\n")
    with Programme("--loop", "live.rotation") as p:
        p.read(12)
        equal(p.songs(), ["m0.wav", "o0.wav"])
        write("live.rotation", "music.m3u * 2\n\"old music\"\njingles every 2 songs\n")
        p.ctl("reload")
        p.read_until_planned()
        p.read(50)
        songs = p.songs()
        assert "m1.wav" in songs[2:] and "o1.wav" in songs[2:] and "j0.wav" in songs, songs
        assert songs.count("m0.wav") == 1 and songs.index("m1.wav") < songs.index("m2.wav"), songs
        write("live.rotation", "music.m3u * x\n")
        p.ctl("reload")
        wait_for(lambda: p.read(0.2) is not None and "live.rotation:1: " in p.said(), "the mistake was not told")
        before = len(p.songs())
        p.read(20)
        assert len(p.songs()) > before
        p.signal(signal.SIGTERM)
        equal(p.end(), 0, p.said())


@test("a run that was stopped goes on in each list")
def _():
    heard = []
    for turn in range(4):
        with Programme("--loop", "--state=rotation.state", "station.rotation") as p:
            p.read(12)
            heard += p.songs()
            p.signal(signal.SIGTERM)
            equal(p.end(), 0, p.said())
    music = [name for name in heard if name[0] in "mo"]
    equal(music[:8], "m0.wav m1.wav o0.wav m2.wav m3.wav m4.wav o1.wav m5.wav".split()[:len(music[:8])], heard)


main()
