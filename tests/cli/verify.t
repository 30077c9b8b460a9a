#!/usr/bin/python3
"""A finished mix against its plan: a good one passes, and each kind of fault is found and named."""
import copy
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa

RATE = 44100
SONGS = ("cold", "padded", "left", "outro", "album1", "album2", "speech", "last")
state = {}


def music(seed, seconds, sides=(1.0, 1.0)):
    """Notes with an attack and a decay, four a second, a little to either side, and some noise."""
    rng = numpy.random.default_rng(seed)
    n = round(seconds * RATE)
    sound = numpy.zeros((n, 2))
    t = numpy.arange(RATE) / RATE
    for start in range(0, n, RATE // 4):
        for _ in range(3):
            hz = 110 * 2 ** (rng.integers(0, 36) / 12)
            note = numpy.exp(-5 * t) * sum(numpy.sin(2 * numpy.pi * hz * k * t + rng.uniform(0, 6)) / k ** 1.5 for k in range(1, 7))
            note = note[:n - start, None] * rng.uniform(0.2, 1, 2)
            sound[start:start + len(note)] += 0.08 * note
    return (sound + rng.normal(0, 0.004, sound.shape)) * sides


def fade(sound, seconds):
    n = round(seconds * RATE)
    sound[-n:] *= numpy.linspace(1, 0, n)[:, None]
    return sound


def make_songs():
    whole = music(5, 20)
    quiet = 0.05 * music(41, 8)
    write_wav("cold.wav", music(1, 12))
    write_wav("padded.wav", numpy.concatenate((numpy.zeros((RATE, 2)), fade(music(2, 12), 4))))
    write_wav("left.wav", music(3, 12, (1, 0)))
    write_wav("outro.wav", numpy.concatenate((music(4, 12), fade(quiet, 0.5))))
    write_wav("album1.wav", whole[:435000])
    write_wav("album2.wav", whole[435000:])
    write_wav("speech.wav", fade(music(6, 14), 3))
    write_wav("last.wav", music(7, 12))
    playlist("songs.m3u", *(name + ".wav" for name in SONGS))


def good():
    """The mix (frames), the plan, both also as files: made once."""
    if not state:
        make_songs()
        plan = run("plan", "--json", "songs.m3u")
        with open("plan.json", "wb") as f:
            f.write(plan.out)
        run("songs.m3u", "-o", "mix.wav")
        state.update(mix=Wav("mix.wav").frames, plan=plan.json())
        names = [os.path.basename(track["path"])[:-4] for track in state["plan"]["tracks"]]
        equal(names, list(SONGS))
        assert state["plan"]["tracks"][5]["joined"], state["plan"]["tracks"][5]
    return state["mix"].copy(), copy.deepcopy(state["plan"])


def at(name, end=False):
    return round(state["plan"]["tracks"][SONGS.index(name)]["end" if end else "start"] * RATE)


def verdict(path, *options, status=None, plan="plan.json"):
    """song -> kinds of problems; "" for those of the mix; and the JSON."""
    ran = run("verify", "--json", *options, path, plan, status=status)
    report = ran.json()
    kinds = {SONGS[i]: [p["kind"] for p in track["problems"]] for i, track in enumerate(report["tracks"])}
    kinds[""] = [p["kind"] for p in report["problems"]]
    equal(ran.status, 0 if report["ok"] else 1, "exit status")
    return {song: list_of for song, list_of in kinds.items() if list_of}, report


def faulty(mix, wanted, *options, only=False):
    """The mix is refused, and all of `wanted` (song -> kind) are named; with `only`, no other song is."""
    if not isinstance(mix, str):
        write_wav("faulty.wav", mix)
        mix = "faulty.wav"
    got, report = verdict(mix, *options, status=1)
    for song, kind in wanted.items():
        assert kind in got.get(song, ()), f"{song}: {kind} is not in {got}"
    if only:
        assert set(got) - {""} <= set(wanted), f"blamed besides: {got}"
    return report


def rendered(change, *options):
    """A mix by another plan than it is verified against."""
    _, plan = good()
    change(plan["tracks"])
    with open("other.json", "w", encoding="utf-8") as f:
        json.dump(plan, f)
    run("mix", "--plan", "other.json", "-o", "other.wav", *options)
    return "other.wav"


def song(tracks, name):
    return tracks[SONGS.index(name)]


def move(tracks, name, seconds):
    """This song and all behind it start later."""
    for track in tracks[SONGS.index(name):]:
        track["start"] += seconds
        track["end"] += seconds
        track["title_at"] += seconds
    for old, new in zip(tracks, tracks[1:]):
        old["overlap"] = old["end"] - new["start"]


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
