#!/usr/bin/python3
"""The verb cache: what analyze has kept is listed, checked and tidied; a cache that is not there is an empty one."""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import equal, main, run, test, tone  # noqa: E402


def make_list(folder, names=("a.wav", "b.wav")):
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    for number, name in enumerate(names):
        tone(os.path.join(folder, name), 2 + number, 300 + 50 * number)
    path = os.path.join(folder, "list.m3u")
    with open(path, "w") as f:
        f.write("".join(name + "\n" for name in names))
    return os.path.realpath(path)


def states(path):
    return [(row["state"], os.path.basename(row["path"])) for row in run("cache", "list", "--json", path).json_lines()]


@test("without a cache: nothing, and no cache is made")
def no_cache():
    path = make_list("none")
    for action in ("list", "check", "prune"):
        equal(run("cache", action, path).out, b"", action)
    equal(sorted(os.listdir("none")), ["a.wav", "b.wav", "list.m3u"])


@test("what analyze kept is listed, by playlist, by cache file and by --cache")
def listed():
    path = make_list("some")
    announced = [row["path"] for row in run("analyze", "--json", path).json_lines()]
    text = run("cache", "list", path).out.decode()
    for name in announced:
        assert name in text, (name, text)
    for line, length, name in zip(text.splitlines(), ("0:02.000", "0:03.000"), ("a.wav", "b.wav")):
        words = line.split(None, 4)
        equal((words[0], words[1], words[3], os.path.basename(words[4])), ("ok", length, "LUFS", name))
    equal(run("cache", "list", path + ".jukebox").out.decode(), text)
    equal(run("cache", "list", "--cache", path + ".jukebox").out.decode(), text)
    rows = run("cache", "list", "--json", path).json_lines()
    equal([round(row["duration"], 6) for row in rows], [2, 3])
    equal([row["size"] for row in rows], [os.path.getsize(row["path"]) for row in rows])
    equal([row["reason"] for row in rows], ["", ""])


@test("changed and missing files are told, and pruned")
def pruned():
    path = make_list("old", ("a.wav", "b.wav", "c.wav"))
    run("analyze", path)
    os.unlink("old/a.wav")
    tone("old/b.wav", 5, 900)
    equal(states(path), [("missing", "a.wav"), ("changed", "b.wav"), ("ok", "c.wav")])
    equal(run("cache", "prune", path).out, b"2 removed\n")
    equal(states(path), [("ok", "c.wav")])
    equal(run("cache", "check", path).out, b"1 good, 0 bad\n")


@test("damage is found by check, with exit status 1, and pruned")
def damaged():
    path = make_list("bad")
    run("analyze", path)
    with open(path + ".jukebox", "r+b") as f:
        data = f.read()
        at = data.rindex(b"pcm_s16")
        f.seek(at)
        f.write(b"x")
    equal(run("cache", "check", path, status=1).out, b"1 good, 1 bad\n")
    equal(run("cache", "prune", path).out, b"1 removed\n")
    equal(run("cache", "check", path).out, b"1 good, 0 bad\n")


@test("a file that is no cache: one line, status 1, untouched")
def no_database():
    path = make_list("junk")
    junk = os.urandom(5000)
    with open(path + ".jukebox", "wb") as f:
        f.write(junk)
    for action in ("list", "check", "prune"):
        equal(len(run("cache", action, path, status=1).lines), 1, action)
    with open(path + ".jukebox", "rb") as f:
        equal(f.read(), junk)


@test("mistakes: one line, status 2; a list that is not there: status 1")
def mistakes():
    for arguments in ([], ["list"], ["frobnicate", "x"], ["list", "a", "b"], ["list", "--frobnicate", "x"]):
        equal(len(run("cache", *arguments, status=2).lines), 1, arguments)
    ran = run("cache", "list", "no such list.m3u", status=1)
    equal(len(ran.lines), 1)
    assert "no such list.m3u" in ran.err, ran
    assert b"prune" in run("cache", "--help").out


@test("a full standard output is an error")
def full():
    path = make_list("full")
    run("analyze", path)
    with open("/dev/full", "wb") as out:
        equal(len(run("cache", "list", path, status=1, stdout=out).lines), 1)


main()
