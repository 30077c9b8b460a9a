#!/usr/bin/python3
"""The log for people in a file: times, levels, escaped names, rotated under the program, and never in the way."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa
from radio import *  # noqa

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} \S.*")


def lines(path):
    with open(path, encoding="utf-8") as f:
        return f.read().splitlines()


def make_list():
    for i in range(3):
        tone(f"t{i}.wav", 6, 300 + 50 * i)
    with open("bad\x1b[31m.flac", "w") as f:
        f.write("fLaC nothing")
    with open("list.m3u", "w") as f:
        f.write("t0.wav\nbad\x1b[31m.flac\nt1.wav\nt2.wav\n")


@test("each line has its time; songs and skipped files are in it, escaped; it is appended to")
def _():
    make_list()
    for runs in (1, 2):
        run("list.m3u", "-o", "null:", "--log=log", "--quiet")
        found = lines("log")
        assert all(LINE.fullmatch(line) for line in found), found
        equal(sum("on air: t0.wav" in line or "on air: " in line and "t0" in line for line in found), runs, found)
        equal(sum("skipped" in line and "\\x1b[31m" in line for line in found), runs, found)
    equal(os.stat("log").st_mode & 0o137, 0)


@test("its level is its own")
def _():
    for level, skipped, songs in (("error", 1, 0), ("warning", 1, 0), ("info", 1, 3), ("debug", 1, 3)):
        run("list.m3u", "-o", "null:", "--log=level.log", f"--log-level={level}", "-q")
        found = lines("level.log")
        equal((sum("skipped" in line for line in found), sum("on air" in line for line in found)), (skipped, songs), level)
        os.remove("level.log")
    ran = run("list.m3u", "-o", "null:", "--log=level.log", "--log-level=error", "-v")
    assert "clips" in ran.err and not any("clips" in line for line in lines("level.log"))


@test("a file that is moved or removed is made anew, and no line is lost")
def _():
    with Programme("--loop", "list.m3u", "--log=rotated.log") as p:
        p.read(1)
        wait_for(lambda: os.path.exists("rotated.log") and lines("rotated.log"), "no line")
        os.rename("rotated.log", "rotated.log.1")
        wait_for(lambda: p.read(1.0) is not None and os.path.exists("rotated.log"), "not opened anew")
        os.remove("rotated.log")
        wait_for(lambda: p.read(1.0) is not None and os.path.exists("rotated.log"), "not opened anew")
        p.signal(signal.SIGTERM)
        equal(p.end(), 0, p.said())
    assert all(LINE.fullmatch(line) for line in lines("rotated.log.1") + lines("rotated.log"))


@test("a full disk costs lines, not the programme; a file that cannot be written is refused")
def _():
    run("list.m3u", "-o", "null:", "--log=/dev/full")
    ran = run("list.m3u", "-o", "null:", "--log=no/such/folder/log", status=1)
    assert "--log" in ran.err and "no/such/folder/log" in ran.err, ran
    run("list.m3u", "-o", "null:", "--log=log", "--log-level=loud", status=2)


main()
