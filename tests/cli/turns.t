#!/usr/bin/python3
"""What changes what comes next while songs play: skip, queue, remove, stop, reload; and stopping at any moment."""
import os
import random
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa
from radio import *  # noqa

HZ = {"a.wav": 300, "b.wav": 500, "c.wav": 800, "d.wav": 1200, "e.wav": 1800}


def songs(seconds=30):
    for name, hz in HZ.items():
        if not os.path.exists(name) or Wav(name).seconds != seconds:
            tone(name, seconds, hz)
    run("analyze", "--cache=songs.m3u.jukebox", *HZ)
    return playlist("songs.m3u", *list(HZ)[:4])


def heard(sound, name):
    return has_hz(sound, HZ[name]) > 0.02


def song_by_song(p, names):
    """Reads on until the last of these songs is on, and checks that all came in this order."""
    while p.process.poll() is None and names[-1] not in p.songs() and len(p.read(1)):
        pass
    equal(p.songs()[:len(names)], list(names), p.said())


@test("skip: a joint, not a cut: no hole, no click, the old song fades under the new one")
def _():
    with Programme(songs()) as p:
        p.read(5)
        p.ctl("skip")
        p.read_until_planned()
        song_by_song(p, ["a.wav", "b.wav"])
        p.read(5)
        together = [w for w in range(len(heard(p.frames, "a.wav"))) if heard(p.frames, "a.wav")[w] and heard(p.frames, "b.wav")[w]]
        assert 4 <= len(together) <= 12, f"{len(together) / 4} s of both songs"
        levels = levels_db(p.frames, 0.1)[1:]
        assert levels.min() > levels[0] - 4 and levels.max() < levels[0] + 4, levels
        assert steps(p.frames[1000:]) < 0.06, steps(p.frames)
        equal(p.songs(), ["a.wav", "b.wav"])
        assert not heard(p.frames, "a.wav")[-8:].any() and heard(p.frames, "b.wav")[-8:].all()


@test("USR1 is the same skip; twice skips two songs")
def _():
    with Programme(songs()) as p:
        p.read(3)
        p.signal(signal.SIGUSR1)
        song_by_song(p, ["a.wav", "b.wav"])
        p.read(5)
        p.signal(signal.SIGUSR1)
        song_by_song(p, ["a.wav", "b.wav", "c.wav"])
        equal(len(p.events("skip")), 2)


@test("skip near the end of a song: the next one comes no later than by itself")
def _():
    tone("short.wav", 6, 300)
    tone("next.wav", 20, 800)
    run("analyze", "--cache=near.jukebox", "short.wav", "next.wav")
    for seconds in (3.4, 3.6, 3.8, 4.0, 4.2):  # about two seconds are on their way to us
        with Programme(playlist("near.m3u", "short.wav", "next.wav"), "--cache=near.jukebox") as p:
            p.read(seconds)
            p.ctl("skip")
            p.read_until_planned()
            song_by_song(p, ["short.wav", "next.wav"])
            end, start = p.events("end")[0]["second"], p.events("start")[1]["second"]
            assert start - end < 0.3, (seconds, end, start)


@test("skip on the last song ends the programme, fading")
def _():
    tone("a.wav", 30, HZ["a.wav"])
    with Programme("a.wav") as p:
        p.read(3)
        p.ctl("skip")
        equal(p.end(), 0, p.said())
        assert len(p.frames) < 20 * RATE and numpy.abs(p.frames[-100:]).max() < 0.02


@test("skip goes on with a saved plan, too")
def _():
    plan = run("plan", "--json", songs()).out
    with open("plan.json", "wb") as f:
        f.write(plan)
    with Programme("--plan=plan.json") as p:
        p.read(3)
        p.ctl("skip")
        song_by_song(p, ["a.wav", "b.wav"])
        p.ctl("queue", "e.wav", status=1)


@test("queue: behind this song, after what was queued before; next comes before all that; remove takes out")
def _():
    with Programme(songs()) as p:
        p.read(3)
        p.ctl("queue", "e.wav")
        p.ctl("queue", "d.wav")
        number = p.ctl("--json", "queue", "c.wav", "next").json()["item"]
        coming = [os.path.basename(i["path"]) for i in p.status()["queue"]]
        equal(coming[:4], ["c.wav", "e.wav", "d.wav", "b.wav"])
        p.ctl("remove", str(number))
        p.ctl("remove", str(number), status=1)
        p.read_until_planned()
        said = p.ctl("status").out.decode()
        assert "queue" in said and "e.wav" in said, said
        song_by_song(p, ["a.wav", "e.wav", "d.wav", "b.wav", "c.wav"])
        assert steps(p.frames[1000:]) < 0.15, steps(p.frames)


@test("an item of the list can be removed; the one that is on cannot")
def _():
    with Programme(songs()) as p:
        p.read(3)
        items = wait_for(lambda: (q := p.status()["queue"]) and len(q) >= 3 and q, "no queue")
        p.ctl("remove", str(items[0]["item"]))
        p.ctl("remove", str(items[0]["item"] - 1), status=1)
        p.read_until_planned()
        song_by_song(p, ["a.wav", "c.wav", "d.wav"])


@test("what is queued and cannot be played is left out, and said; the rest comes")
def _():
    with open("bad.mp3", "wb") as f:
        f.write(b"nothing" * 1000)
    with Programme(songs()) as p:
        p.read(3)
        p.ctl("queue", "bad.mp3")
        p.read_until_planned()
        p.ctl("queue", "no-such-file", status=1)
        song_by_song(p, ["a.wav", "b.wav"])
        assert "bad.mp3" in p.said(), p.said()


@test("queueing while one song plays changes nothing that is heard of it")
def _():
    tone("long.wav", 20, 440)
    want = run("--plain", "long.wav", "-o", "raw:-", "--format=f32").out
    want = numpy.frombuffer(want, "<f4").reshape(-1, 2)
    with Programme("--plain", playlist("one.m3u", "long.wav", "b.wav")) as p:
        for _ in range(3):
            p.read(0.5)
            p.ctl("queue", "c.wav")
            p.ctl("queue", "d.wav", "next")
        p.read_until_planned()
        while len(p.frames) < len(want):
            p.read(1)
        assert numpy.array_equal(p.frames[:len(want)], want)
        song_by_song(p, ["long.wav", "d.wav", "d.wav", "d.wav", "c.wav"])


@test("a list that ends with a file that cannot be played goes on with its next round")
def _():
    with open("bad.mp3", "wb") as f:
        f.write(b"nothing" * 1000)
    for name, hz in list(HZ.items())[:2]:
        tone(name, 3, hz)
    run(playlist("ends-badly.m3u", "a.wav", "b.wav", "bad.mp3"), "--loop=3", "-o", "null:", "--events=rounds")
    with open("rounds", encoding="utf-8") as f:
        equal([e["path"] for e in map(json.loads, f) if e["event"] == "start"], 3 * ["a.wav", "b.wav"])


@test("stop: this song to its end, then no more")
def _():
    with Programme(songs(12)) as p:
        p.read(3)
        p.ctl("stop")
        assert "stops after this song" in p.ctl("status").out.decode()
        equal(p.end(), 0, p.said())
        equal(p.songs(), ["a.wav"])
        near(len(p.frames) / RATE, 12, 0.2)


@test("reload: the song on air goes on, the place is kept, nothing repeats")
def _():
    for action in (lambda p: p.signal(signal.SIGHUP), lambda p: p.ctl("reload")):
        with Programme(songs()) as p:
            p.read(3)
            song_by_song(p, ["a.wav", "b.wav"])
            p.read(3)
            # b stays where it is by its name, though not by its number; c is gone
            playlist("songs.m3u", "e.wav", "a.wav", "b.wav", "e.wav", "d.wav")
            action(p)
            wait_for(lambda: p.events("reload") or not len(p.read(0.1)), "no reload")
            p.read_until_planned()
            song_by_song(p, ["a.wav", "b.wav", "e.wav", "d.wav"])
            assert steps(p.frames[1000:]) < 0.15, steps(p.frames)


@test("reload of a list that is empty, gone or rubbish: the old one goes on")
def _():
    with Programme(songs()) as p:
        p.read(3)
        for wrong in (b"", b"\0\1\2" * 100, b"#EXTM3U\nno-such-file.mp3\n"):
            with open("songs.m3u", "wb") as f:
                f.write(wrong)
            p.ctl("reload")
            p.read(1)
        os.remove("songs.m3u")
        p.ctl("reload")
        song_by_song(p, ["a.wav", "b.wav", "c.wav", "d.wav"])
    songs()


@test("reload shuffled: of this round nothing comes twice, all that is left comes")
def _():
    names = [f"s{n}.wav" for n in range(12)]
    for n, name in enumerate(names):
        tone(name, 4, 200 + 50 * n)
    playlist("shuffled.m3u", *names[:10])
    with Programme("--shuffle", "shuffled.m3u") as p:
        while len(p.songs()) < 4:
            p.read(1)
        playlist("shuffled.m3u", *reversed(names))
        p.ctl("reload")
        wait_for(lambda: p.events("reload") or not len(p.read(0.1)), "no reload")
        p.end()
        equal(sorted(p.songs()), sorted(names), p.said() + str(p.events("planned", "start", "reload")))


def reloaded(p, times):
    """Reads little meanwhile: the list is looked at half a second after its last change."""
    def look():
        time.sleep(0.05)
        return len(p.events("reload")) >= times or not len(p.read(0.05))
    wait_for(look, "no reload")


@test("watch: a list written in pieces, one renamed into its place, an empty one; what follows is of the newest")
def _():
    for name, hz in HZ.items():
        tone(name, 100, hz)
    run("analyze", "--cache=songs.m3u.jukebox", *HZ)
    with Programme(playlist("songs.m3u", "a.wav", "b.wav"), "--watch") as p:
        p.read(1)
        with open("songs.m3u", "wb") as f:
            f.write(b"a.wav\nb.w")
            f.flush()
            p.read(0.1)
            f.write(b"av\nc.wav\n")
        reloaded(p, 1)
        os.rename(playlist("other.m3u", "a.wav", "d.wav", "e.wav"), "songs.m3u")
        reloaded(p, 2)
        with open("songs.m3u", "wb") as f:
            f.write(b"")
        wait_for(lambda: "nothing in the new list" in p.said() or not len(p.read(0.02)), "the empty list was not seen")
        tone("unrelated.wav", 1, 100)
        p.read_until_planned()
        p.ctl("skip")
        song_by_song(p, ["a.wav", "d.wav"])
        equal(len(p.events("reload")), 2)


@test("watch: a folder of music gets a file")
def _():
    os.makedirs("folder", exist_ok=True)
    for name, hz in (("1.wav", 300), ("2.wav", 500)):
        tone(f"folder/{name}", 60, hz)
    with Programme("folder", "--watch") as p:
        p.read(1)
        os.rename(tone("3.wav", 60, 800), "folder/3.wav")
        reloaded(p, 1)
        assert "3 entries" in p.said(), p.said()


@test("wishes one upon the other while short songs come and go: none leaves a hole")
def _():
    rng, names = random.Random(5), [f"short{n}.wav" for n in range(8)]
    for n, name in enumerate(names):
        tone(name, 0.6 + n % 4 / 4, 300 + 70 * n, fade_out=0.1)
    run("analyze", "--cache=short.jukebox", *names)
    with Programme(playlist("short.m3u", *names), "--cache=short.jukebox", "--loop") as p, p.connect() as control:
        while p.process.poll() is None and len(p.songs()) < 120:
            p.read(0.05)
            p.frames = p.frames[:0]
            time.sleep(0.002)
            if rng.random() < 0.06:
                wish = {"command": "queue", "path": os.path.abspath(rng.choice(names)), "next": rng.random() < 0.5}
                control.sendall(json.dumps(wish).encode() + b"\n")
                control.recv(65536)
        end, holes = 0, []
        for e in p.events("start", "end"):
            if e["event"] == "start" and e["second"] - end > 0.4:
                holes.append((end, e["second"]))
            end = max(end, e["second"])
        equal(holes, [], p.said())


@test("INT and TERM at any moment of a joint: a fade, no click, within a second")
def _():
    for number, seconds in ((signal.SIGTERM, 6.8), (signal.SIGINT, 7.3), (signal.SIGTERM, 7.7), (signal.SIGINT, 8.0)):
        for name in ("a.wav", "b.wav"):
            tone(name, 8, HZ[name], fade_out=3)
        with Programme(playlist("two.m3u", "a.wav", "b.wav")) as p:
            p.read(seconds)
            p.signal(number)
            wait_for(lambda: p.events("stop") or not len(p.read(0.02)), "no stop")
            before = len(p.frames)
            equal(p.end(), 0, p.said())
            assert len(p.frames) - before < 4 * RATE
            assert steps(p.frames[1000:]) < 0.08, (seconds, steps(p.frames))
            assert numpy.abs(p.frames[-20:]).max() < 0.005, (seconds, p.frames[-20:])
            equal(len(p.events("stop")), 1)


main()
