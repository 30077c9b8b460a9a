#!/usr/bin/python3
"""A finished mix against its plan: what passes, what is printed, what cannot be compared."""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from verifying import *  # noqa


@test("a good mix: status 0, nothing found, in 16 and 32 bits, FLAC, and with a limiter at work")
def _():
    good()
    got, report = verdict("mix.wav", status=0)
    equal(got, {})
    assert report["ok"] and not report["lossy"], report
    for track in report["tracks"]:
        equal(track["late_frames"], 0)
        near(track["gain_error_db"], 0, 0.01)
        assert track["null_dbfs"] < -95, track
    run("songs.m3u", "--format=f32", "-o", "float.wav")
    equal(verdict("float.wav", status=0)[0], {})
    equal(max(track["null_dbfs"] for track in verdict("float.wav")[1]["tracks"]) < -150, True)
    run("mix", "--plan", "plan.json", "--ceiling=-9", "-o", "limited.wav")  # a planner told so would spare it
    equal(verdict("limited.wav", "--ceiling=-9", status=0)[0], {})
    assert verdict("limited.wav", status=1)[0], "limited more than was said, and not seen"
    if shutil.which("flac"):
        subprocess.run(["flac", "-s", "mix.wav"], check=True, stderr=subprocess.DEVNULL)
        equal(verdict("mix.flac", status=0)[0], {})


@test("the table: a line for each song, and what is wrong below it; --quiet only tells by its status")
def _():
    good()
    text = run("verify", "mix.wav", "plan.json").out.decode()
    equal(len([line for line in text.splitlines() if "  ok   " in line]), len(SONGS))
    assert "what the plan says" in text, text
    text = run("verify", rendered(lambda t: song(t, "left").update(gain_db=-30)), "plan.json", status=1).out.decode()
    assert "BAD" in text and "! level: " in text, text
    ran = run("verify", "-q", "other.wav", "plan.json", status=1)
    equal((ran.out, ran.err), (b"", ""))


@test("a plan that is 30 ms off")
def _():
    _, plan = good()
    move(plan["tracks"], "cold", 0.03)
    with open("late.json", "w", encoding="utf-8") as f:
        json.dump(plan, f)
    got, report = verdict("mix.wav", status=1, plan="late.json")
    for name in SONGS:
        assert "position" in got.get(name, ()), got
    near(report["tracks"][0]["late"], -0.03, 1e-4)


@test("how songs meet: no hole in a good mix; a pause, and a fade over a cold ending, are holes")
def _():
    _, plan = good()
    _, report = verdict("mix.wav", status=0)
    assert report["tracks"][0]["dip_lu"] is None, report["tracks"][0]
    for track in report["tracks"][1:]:
        assert track["hole_seconds"] <= 0.5 and track["bump_lu"] <= 3, track
        assert -70 < track["dip_lu"] < 3, track

    def pause(tracks):
        move(tracks, "padded", 3)

    def fade(tracks):
        song(tracks, "cold").update(fade_out=8.0)

    for change in pause, fade:
        mix = rendered(change)
        got, report = verdict(mix, plan="other.json")
        equal(got, {"padded": ["hole"]})
        assert song(report["tracks"], "padded")["hole_seconds"] > 0.5, report


@test("another target than the mix was made for")
def _():
    good()
    report = faulty("mix.wav", {"cold": "loudness"}, "--target=-14")
    near(report["tracks"][0]["loudness_lufs"], -18, 0.5)


@test("lossy mixes: a good one passes, a level, a place and a song that is missing are found")
def _():
    mix, _ = good()
    for ending, encode in (("mp3", ["lame", "--quiet", "-b", "192"]), ("ogg", ["oggenc", "-Q", "-q", "5", "-o"])):
        if not shutil.which(encode[0]):
            skip(encode[0] + " is not here")

        def encoded(source):
            order = (source, "coded." + ending) if ending == "mp3" else ("coded." + ending, source)
            subprocess.run([*encode, *order], check=True, stderr=subprocess.DEVNULL)
            return "coded." + ending
        got, report = verdict(encoded("mix.wav"), status=0)
        equal(got, {}, ending)
        assert report["lossy"], report
        faulty(encoded(rendered(lambda t: song(t, "left").update(gain_db=song(t, "left")["gain_db"] + 1.5))),
               {"left": "level"}, only=True)
        faulty(encoded(rendered(lambda t: move(t, "left", 0.03))), {"left": "position", "last": "position"})


@test("what cannot be compared: another rate, one channel, no plan, no mix, no song")
def _():
    good()
    run("songs.m3u", "--rate=48000", "-o", "48.wav")
    assert "48000" in run("verify", "48.wav", "plan.json", status=1).err
    run("songs.m3u", "--channels=1", "-o", "mono.wav")
    assert "stereo" in run("verify", "mono.wav", "plan.json", status=1).err
    for mix, plan, named in (("absent.wav", "plan.json", "absent.wav"), ("mix.wav", "absent.json", "absent.json"),
                             ("plan.json", "plan.json", "plan.json"), ("mix.wav", "mix.wav", "mix.wav")):
        ran = run("verify", mix, plan, status=1)
        assert named in ran.err and not ran.out, ran
    run("verify", "mix.wav", status=2)
    run("verify", "mix.wav", "plan.json", "more", status=2)
    os.rename("last.wav", "gone.wav")
    try:
        got, _ = verdict("mix.wav", status=1)
        assert "source" in got[""] , got
    finally:
        os.rename("gone.wav", "last.wav")


main()
