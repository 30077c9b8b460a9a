#!/usr/bin/python3
"""Each kind of fault in a mix is found and named."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from verifying import *  # noqa


@test("one second of silence between two songs")
def _():
    good()
    report = faulty(rendered(lambda t: move(t, "padded", song(t, "cold")["end"] - song(t, "padded")["start"] + 1)),
                    {"padded": "position", "left": "position", "": "dead-air"})
    equal([p["kind"] for p in report["tracks"][0]["problems"]], [])
    assert all(track["null_dbfs"] < -95 for track in report["tracks"]), "they are found where they are"


@test("a drop-out inside a song")
def _():
    mix, _ = good()
    a = at("left") + 5 * RATE
    mix[a:a + round(0.95 * RATE)] = 0
    report = faulty(mix, {"left": "drop-out", "": "dead-air"}, only=True)
    problem = next(p for p in report["tracks"][2]["problems"] if p["kind"] == "drop-out")
    near(problem["at"], a / RATE, 0.03)
    mix, _ = good()
    mix[a:a + round(0.06 * RATE)] = 0
    faulty(mix, {"left": "drop-out"}, only=True)


@test("6 dB too loud, 1.5 dB too quiet, 0.4 dB too loud for a while")
def _():
    good()
    for db in (6, -1.5):
        mix = rendered(lambda t, db=db: song(t, "padded").update(gain_db=song(t, "padded")["gain_db"] + db))
        report = faulty(mix, {"padded": "level"}, only=True)
        near(report["tracks"][1]["gain_error_db"], db, 0.6)  # the limiter takes some of 6 dB
    mix, _ = good()
    mix[at("cold") + 2 * RATE:at("cold") + 4 * RATE] *= 1.05
    faulty(mix, {"cold": "sound"}, only=True)


@test("a click in an overlap, and one in a song")
def _():
    mix, _ = good()
    mix[at("left") + 900] += 0.35
    faulty(mix, {"left": "click"}, only=True)
    mix, _ = good()
    mix[at("cold") + 3 * RATE, 1] -= 0.2
    faulty(mix, {"cold": "click"}, only=True)


@test("a quiet outro cut off")
def _():
    good()

    def change(tracks):
        song(tracks, "outro")["cue_out"] -= 7
        song(tracks, "outro")["end"] -= 7
        move(tracks, "album1", -7)
    report = faulty(rendered(change), {"album1": "position", "": "length"})
    assert report["tracks"][3]["problems"], "outro: its cut was not seen"
    near(report["tracks"][4]["late"], -7, 0.01)


@test("the next song starts in the quiet outro")
def _():
    good()
    faulty(rendered(lambda t: move(t, "album1", -5)), {"outro": "strange", "album1": "position"})


@test("all channels exchanged, one song's channels exchanged")
def _():
    mix, _ = good()
    faulty(mix[:, ::-1], {"cold": "channels", "left": "channels", "last": "channels"})
    a, b = at("padded", end=True) + RATE, at("left", end=True) - RATE
    a = max(a, at("left") + RATE)
    mix[a:b] = mix[a:b, ::-1]
    faulty(mix, {"left": "channels"}, only=True)


@test("a song with its polarity turned over")
def _():
    mix, _ = good()
    a, b = at("cold"), at("padded")
    mix[a:b] *= -1
    faulty(mix, {"cold": "polarity"}, only=True)
    mix, _ = good()
    mix[a:b, 1] *= -1
    faulty(mix, {"cold": "polarity"}, only=True)


@test("a clipped overlap")
def _():
    mix, _ = good()
    a = at("padded")
    mix[a:a + 3 * RATE] = numpy.clip(mix[a:a + 3 * RATE] * 8, -1, 1)
    faulty(mix, {"": "clipping"})
    faulty(mix, {"": "true-peak"})


@test("an album's joint: 5 ms apart, one sample short, halves 0.7 dB apart")
def _():
    good()
    faulty(rendered(lambda t: move(t, "album2", 221 / RATE)), {"album2": "album"})
    report = faulty(rendered(lambda t: move(t, "album2", -1 / RATE)), {"album2": "album"})
    equal(report["tracks"][5]["late_frames"], -1)
    faulty(rendered(lambda t: song(t, "album2").update(gain_db=song(t, "album2")["gain_db"] + 0.7)),
           {"album2": "level"}, only=True)


@test("first words cut off; cut off before the end")
def _():
    good()

    def words(tracks):
        song(tracks, "speech")["cue_in"] += 3
        song(tracks, "speech")["end"] -= 3
        move(tracks, "last", -3)
    report = faulty(rendered(words), {"speech": "position", "last": "position", "": "length"})
    near(report["tracks"][6]["late"], -3, 0.01)

    def half(tracks):
        song(tracks, "speech")["cue_out"] -= 7
        song(tracks, "speech")["end"] -= 7
        song(tracks, "speech")["fade_out"] = 0
        move(tracks, "last", -7)
    report = faulty(rendered(half), {"last": "position"})
    assert report["tracks"][6]["problems"], "speech: its cut was not seen"


@test("a slight tone control on one song")
def _():
    mix, _ = good()
    a, b = at("cold") + RATE, at("padded") - RATE
    mix[a + 1:b] += 0.1 * mix[a:b - 1]
    mix[a + 1:b] /= 1.1
    faulty(mix, {"cold": "sound"}, only=True)


@test("a song at the wrong speed, a song that is missing")
def _():
    mix, _ = good()
    a, b = at("cold"), at("padded")
    places = numpy.arange(a, b - 1, 44100 / 48000)
    slow = numpy.stack([numpy.interp(places, numpy.arange(len(mix)), mix[:, k]) for k in (0, 1)], axis=1)
    faulty(numpy.concatenate((slow, mix[b:])), {"cold": "missing", "padded": "position"})
    good()

    def without(tracks):
        gone = song(tracks, "left")["start"] - song(tracks, "outro")["start"]
        move(tracks, "outro", gone)
        del tracks[SONGS.index("left")]
    report = faulty(rendered(without), {"left": "missing", "outro": "position", "": "length"})
    assert all(track["null_dbfs"] < -95 for track in report["tracks"][3:]), "those behind it are found"


@test("silence before a song that was to be skipped")
def _():
    good()

    def change(tracks):
        move(tracks, "padded", song(tracks, "cold")["end"] - song(tracks, "padded")["start"])
        lead = song(tracks, "padded")["cue_in"]
        song(tracks, "padded")["cue_in"] = 0
        song(tracks, "padded")["end"] += lead
        move(tracks, "left", lead)
    faulty(rendered(change), {"padded": "position", "": "dead-air"})


@test("a constant offset of one song, and of all")
def _():
    mix, _ = good()
    a, b = at("cold") + RATE, at("padded") - RATE
    mix[a:b] += 0.02
    faulty(mix, {"cold": "offset"}, only=True)
    mix, _ = good()
    faulty(mix + 0.02, {"": "offset"})


@test("four seconds of silence at the end, and a mix that ends early")
def _():
    mix, _ = good()
    faulty(numpy.concatenate((mix, numpy.zeros((4 * RATE, 2)))), {"": "length"}, only=True)
    faulty(numpy.concatenate((mix, numpy.zeros((4 * RATE, 2)))), {"": "dead-air"}, only=True)
    faulty(mix[:-3 * RATE], {"": "length", "last": "drop-out"}, only=True)


main()
