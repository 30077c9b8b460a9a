#!/usr/bin/python3
"""Only the joints: what is heard there is what the mix has there."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa

AROUND = 2.0
PRECISE = ("--format=f32", "--limiter=off")


def same_rate_music():
    """The short pieces that have the rate of the mix: resampling begins anew at a cut."""
    make_music()
    with open("music/music.m3u", encoding="utf-8") as f:
        names = [line.strip() for line in f if line.strip() and not line.startswith("#")]
    rows = run("analyze", "--json", "music/music.m3u").json_lines()
    return playlist("same.m3u", *(os.path.join("music", name) for name, row in zip(names, rows, strict=True)
                                  if row["sample_rate"] == 44100))


@test("each joint is what the mix has there, with half a second of silence between")
def _():
    songs = same_rate_music()
    run(songs, *PRECISE, "-o", "mix.wav")
    run("joints", "--around", str(AROUND), songs, *PRECISE, "-o", "joints.wav")
    plan = run("plan", "--json", songs).json()["tracks"]
    mix, joints = Wav("mix.wav").frames, Wav("joints.wav").frames
    at = 0
    for old, new in zip(plan, plan[1:]):
        start = round((min(new["start"], old["end"]) - AROUND) * 44100)
        end = min(round((max(new["start"], old["end"]) + AROUND) * 44100), len(mix))
        part = joints[at:at + end - start]
        inner = slice(1000, end - start - 1000)  # but for the edges, which are smoothed
        near(numpy.abs(part[inner] - mix[start:end][inner]).max(), 0, 1e-6, f"joint of {new['title']}")
        assert numpy.abs(part[inner]).max() > 0.01, "silence"
        at += end - start
        if at < len(joints):
            equal(float(numpy.abs(joints[at:at + 22050]).max()), 0.0, "pause")
            at += 22050
    near(len(joints), at, 2, "frames")


@test("from a plan: the same")
def _():
    with open("plan.json", "wb") as f:
        f.write(run("plan", "--json", "same.m3u").out)
    run("joints", "--around", str(AROUND), "--plan", "plan.json", *PRECISE, "-o", "again.wav")
    with open("joints.wav", "rb") as a, open("again.wav", "rb") as b:
        equal(a.read() == b.read(), True)


@test("all rates and formats: the number of joints is told, the length follows from the plan")
def _():
    ran = run("joints", "--around=1", "music/music.m3u", "-o", "all.wav")
    assert "5 joints" in ran.err, ran.err
    assert 5 < Wav("all.wav").seconds < 5 * 10, Wav("all.wav").seconds


@test("one song has no joint: status 1, and said")
def _():
    ran = run("joints", tone("one.wav", 3), "-o", "none.wav", status=1)
    assert "no joints" in ran.err, ran.err


@test("a list without an end has no last joint")
def _():
    ran = run("joints", "--loop", "one.wav", "-o", "none2.wav", status=2)
    assert "--loop" in ran.err, ran.err
    run("joints", "--loop=2", "one.wav", "-o", "two.wav")


main()
