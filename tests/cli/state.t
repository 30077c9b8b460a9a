#!/usr/bin/python3
"""A run that goes on where another one stopped, or was killed; who is told of each song."""
import json
import os
import random
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa
from radio import *  # noqa

NAMES = [f"{n:02}.wav" for n in range(24)]


def songs(seconds=3):
    for n, name in enumerate(NAMES):
        if not os.path.exists(name):
            tone(name, seconds, 200 + 40 * n)
    run("analyze", "--cache=list.m3u.jukebox", *NAMES)
    return playlist("list.m3u", *NAMES)


def fresh(name="state"):
    if os.path.exists(name):
        os.remove(name)
    return f"--state={name}"


def saved():
    with open("state", encoding="utf-8") as f:
        return json.load(f)


def on_disk(p, count):
    """The state says that so many songs began."""
    def is_there():
        songs = p.songs()
        if len(songs) < max(count, 1):
            return not len(p.read(0.2))
        return os.path.exists("state") and saved()["list"] and saved()["list"]["path"].endswith(songs[-1])
    wait_for(is_there, "no state")


@test("a run that was stopped is resumed behind the song that was on; the history comes along")
def _():
    options = [songs(), fresh()]
    with Programme(*options) as p:
        on_disk(p, 4)
        p.ctl("quit")
        p.end()
        first = p.songs()
        assert saved()["history"][0]["path"].endswith(first[-1]) or len(first) < 2, saved()
    with Programme(*options) as p:
        p.read(1)
        history = [os.path.basename(t["path"]) for t in p.status()["history"]]
        equal(history[0], first[-1])
        assert "resumed" in p.said(), p.said()
        p.end()
        equal(first + p.songs(), NAMES)


@test("a list that was played to its end begins anew")
def _():
    option = fresh()
    run(songs(), option, "-o", "null:")
    equal(saved()["list"], None)
    with Programme("list.m3u", option) as p:
        p.read(1)
        equal(p.songs()[0], NAMES[0])


@test("shuffled, for ever: the order is that of a run that was never stopped, whatever seed is asked for then")
def _():
    with Programme(songs(), "--shuffle", "--loop", "--seed=5") as p:
        while len(p.songs()) < 60:
            p.read(5)
        wanted = p.songs()
    option, got = fresh(), []
    while len(got) < 55:
        with Programme("list.m3u", "--shuffle", "--loop", f"--seed={5 + len(got)}", option) as p:
            on_disk(p, 13)
            p.ctl("quit")
            p.end()
            got += p.songs()
    equal(got[:55], wanted[:55])


@test("what people queued and was not yet on is kept")
def _():
    options = [songs(), fresh()]
    tone("wish.wav", 3, 1500)
    with Programme(*options) as p:
        p.read(1)
        p.ctl("queue", "wish.wav", "next")
        wait_for(lambda: os.path.exists("state") and saved()["queue"], "not saved")
        p.process.kill()
        p.process.wait()
    with Programme(*options) as p:
        wait_for(lambda: len(p.songs()) >= 2 or not len(p.read(0.3)), "no songs")
        equal(p.songs()[0], "wish.wav")


KILLS = int(os.environ.get("JUKEBOX_KILLS", "30"))


@test(f"kill -9 at {KILLS} random moments: at most the song on air is lost, none comes twice but that one")
def _():
    rng, option, got, lost, again = random.Random(KILLS), fresh(), [], 0, 0
    songs()
    for number in range(KILLS):
        with Programme("list.m3u", "--loop", option, name=f"kill{number}") as p:
            for step in range(rng.randrange(2, 40)):
                on_disk(p, 0)
                p.read(0.25)
            p.process.kill()
            p.process.wait()
            begun = p.songs()
            if os.path.exists("state"):
                json.load(open("state", encoding="utf-8"))
            # What was on at the kill is passed over, or comes again if it had just begun.
            places = [NAMES.index(name) for name in begun]
            for a, b in zip(places, places[1:]):
                equal(b, (a + 1) % len(NAMES), begun)
            if got and places:
                step = (places[0] - got[-1]) % len(NAMES)
                assert step in (0, 1), (number, got[-3:], places)
                lost, again = lost + (step == 1), again + (step == 0)
            got += places
        assert not os.path.exists("state.new") or len(begun) > 0
    assert len(got) > 2 * KILLS, len(got)
    print(f"# {len(got)} songs begun; the one on air was left at {lost} kills, begun again at {again}; no other was lost or came twice")


@test("a state that is rubbish, of another kind or not to be written: said, and the music plays")
def _():
    songs()
    for wrong in (b"", b"{}", b"[1]", b"\xff\0", b'{"version": 1, "seed": 1, "list": {"round": -1, "place": 0, "path": "x"}, "queue": []}'):
        with open("state", "wb") as f:
            f.write(wrong)
        ran = run("list.m3u", "--state=state", "-o", "null:")
        assert "begins anew" in ran.err, ran.err
    ran = run("list.m3u", "--state=/nowhere/state", "-o", "null:")
    equal(ran.err.count("/nowhere/state"), 1, ran.err)
    os.makedirs("folder", exist_ok=True)
    ran = run("list.m3u", "--state=folder", "-o", "null:")
    assert "begins anew" in ran.err, ran.err


@test("the list changed between two runs: it goes on behind the same song")
def _():
    options = [songs(), fresh()]
    with Programme(*options) as p:
        on_disk(p, 3)
        p.ctl("quit")
        p.end()
        last = p.songs()[-1]
    names = ["23.wav"] + NAMES[:-1]
    playlist("list.m3u", *names)
    with Programme(*options) as p:
        p.read(1)
        equal(p.songs()[0], names[names.index(last) + 1])
    songs()


@test("now playing: a line, or JSON; always whole")
def _():
    with Programme(songs(), "--now-playing=now.txt") as p:
        seen = set()
        while len(p.read(0.5)):
            if os.path.exists("now.txt"):
                text = open("now.txt", encoding="utf-8").read()
                assert text.endswith(".wav\n"), repr(text)
                seen.add(text.strip())
        assert len(seen) > 3 and seen <= set(NAMES), seen
    run("list.m3u", "--now-playing=now.json", "-o", "null:")
    assert json.load(open("now.json", encoding="utf-8"))["path"] in NAMES


def script(name, text):
    with open(name, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\n" + text)
    os.chmod(name, 0o755)
    return f"./{name}"


@test("on-track: words, JSON on standard input and the environment, no shell; one at a time, none left behind")
def _():
    told = script("told", 'printf "%s|" "$@" "$JUKEBOX_PATH" >> told.txt; cat >> told.txt; echo >> told.txt\n')
    with Programme(songs(), f"--on-track={told} 'two words' $HOME \"*\" a\\ b") as p:
        wait_for(lambda: os.path.exists("told.txt") and open("told.txt", encoding="utf-8").read().endswith("}\n") or not len(p.read(0.05)),
                 "not told")
        words = open("told.txt", encoding="utf-8").read().splitlines()[0].split("|")
        equal(words[:4], ["two words", "$HOME", "*", "a b"])
        assert words[4] in NAMES and json.loads(words[5])["path"] == words[4], words
        p.end()


@test("on-track: a command that hangs, fails, is not there or never reads holds nothing up")
def _():
    songs()
    for command in (script("hangs", "exec sleep 1000\n"), script("fails", "exit 3\n"), "./not-there", "/bin/true", "/"):
        ran = run("list.m3u", f"--on-track={command}", "-o", "null:")
        if command in ("./not-there", "/"):
            assert command in ran.err, ran.err
    ran = run("list.m3u", "--on-track='half", "-o", "null:", status=2)
    assert "quote" in ran.err, ran.err
    ran = run("list.m3u", "--on-track= ", "-o", "null:", status=2)


main()
