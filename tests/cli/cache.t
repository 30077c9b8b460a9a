#!/usr/bin/python3
"""The cache from outside: found, checked, pruned, damaged, in the way, or nowhere."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa


def fresh(folder):
    os.makedirs(folder)
    for name, hz in (("a.wav", 440), ("b.wav", 550), ("c.wav", 660)):
        tone(os.path.join(folder, name), 1.5, hz)
    return playlist(os.path.join(folder, "l.m3u"), "a.wav", "b.wav", "c.wav")


def cached(path):
    return [row["cached"] for row in run("analyze", "--json", path).json_lines()]


@test("the first run measures, the second finds")
def _():
    path = fresh("first")
    equal(cached(path), [False] * 3)
    equal(cached(path), [True] * 3)


@test("cache list names the tracks, cache check finds nothing wrong")
def _():
    text = run("cache", "list", "first/l.m3u").out.decode()
    for name in ("a.wav", "b.wav", "c.wav"):
        assert name in text, text
    run("cache", "check", "first/l.m3u")


@test("a changed file is measured again, alone")
def _():
    tone("first/b.wav", 2.5, 700)
    equal(cached("first/l.m3u"), [True, False, True])


@test("a moved folder keeps its cache")
def _():
    path = fresh("before")
    cached(path)
    os.rename("before", "after")
    equal(cached("after/l.m3u"), [True] * 3)


@test("cache prune takes away what is gone")
def _():
    os.remove("after/c.wav")
    run("cache", "prune", "after/l.m3u")
    text = run("cache", "list", "after/l.m3u").out.decode()
    assert "c.wav" not in text and "a.wav" in text, text


@test("a damaged cache is set aside, reported, and made anew")
def _():
    path = fresh("damaged")
    with open(path + ".jukebox", "wb") as f:
        f.write(b"SQLite format 3\0" + bytes(range(256)) * 40)
    ran = run(path, "-o", "null:")
    assert "l.m3u.jukebox" in ran.err, ran.err
    equal(cached(path), [True] * 3)
    equal(len([x for x in os.listdir("damaged") if x.startswith("l.m3u.jukebox")]) >= 2, True, "set aside")


@test("--no-cache writes none, --cache names another")
def _():
    path = fresh("elsewhere")
    run(path, "-o", "null:", "--no-cache")
    equal(sorted(os.listdir("elsewhere")), ["a.wav", "b.wav", "c.wav", "l.m3u"])
    run(path, "-o", "null:", "--cache", "other.cache")
    equal(sorted(os.listdir("elsewhere")), ["a.wav", "b.wav", "c.wav", "l.m3u"])
    assert os.path.exists("other.cache")


@test("a cache that cannot be opened does not stop the music")
def _():
    path = fresh("blocked")
    os.makedirs(path + ".jukebox/full")
    ran = run("--plain", path, "-o", "blocked.wav")
    near(Wav("blocked.wav").seconds, 4.5, 0.1)
    assert ran.err, "not a word"


@test("a list without a cache has an empty one, and none is made by looking")
def _():
    path = fresh("bare")
    for verb in ("list", "check", "prune"):
        ran = run("cache", verb, path)
        assert b"wav" not in ran.out, ran
    assert not os.path.exists(path + ".jukebox")


@test("two at once on one cache")
def _():
    path = fresh("both")
    processes = [subprocess.Popen([JUKEBOX, "analyze", path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE) for _ in range(3)]
    for process in processes:
        said = process.communicate(timeout=LONGEST_SECONDS)[1]
        equal(process.returncode, 0, said)
    equal(cached(path), [True] * 3)
    run("cache", "check", path)


main()
