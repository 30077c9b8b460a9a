#!/usr/bin/python3
"""Shuffle as radio people mean it: like songs are kept apart, within a round and over its end, by tags and by lists."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa

ARTISTS, EACH = 6, 4


def song(path, seconds, artist, title, album=None):
    tags = {"artist": artist, "title": title, "album": album}
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", f"sine=f=440:d={seconds}",
                    *(word for name, value in tags.items() if value for word in ("-metadata", f"{name}={value}")), path], check=True)


def make_music():
    os.makedirs("music")
    for i in range(ARTISTS * EACH):
        song(f"music/{i:02}.flac", 0.5, f"Artist {i % ARTISTS}" + (" feat. X" if i % 5 == 0 else ""), f"Song {i}", f"Album {i % ARTISTS // 2}")


def played(*options):
    """The numbers of the songs, and what was said."""
    ran = run("music", "-o", "null:", "--events=events", *options)
    with open("events") as f:
        events = [json.loads(line) for line in f]
    os.remove("events")
    return [int(os.path.basename(e["path"])[:2]) for e in events if e["event"] == "start"], ran


def nearest(numbers, key):
    """How many others lie between two of a kind, at least."""
    last, least = {}, len(numbers)
    for at, number in enumerate(numbers):
        if key(number) in last:
            least = min(least, at - last[key(number)] - 1)
        last[key(number)] = at
    return least


@test("artists are kept apart by the tags in the cache, over the ends of rounds, by any seed")
def _():
    make_music()
    run("analyze", "music")
    for seed in range(1, 6):
        numbers, ran = played("--separation=artist=4", "--loop=4", f"--seed={seed}")
        equal(len(numbers), 4 * ARTISTS * EACH)
        for round in range(4):
            equal(sorted(numbers[24 * round:24 * round + 24]), list(range(24)))
        assert nearest(numbers, lambda n: n % ARTISTS) >= 4, numbers
        assert "separation" not in ran.err, ran
    plain, _ = played("--shuffle", "--loop=4")
    assert nearest(plain, lambda n: n % ARTISTS) < 2, "the test is too easy"


@test("a time is kept by the lengths of the songs; titles and albums too")
def _():
    numbers, _ = played("--separation=artist=1s,title=3s", "--loop=3")
    assert nearest(numbers, lambda n: n % ARTISTS) >= 2 and nearest(numbers, lambda n: n) >= 6, numbers
    numbers, _ = played("--separation=album=1", "--loop=3")
    assert nearest(numbers, lambda n: n % ARTISTS // 2) >= 1, numbers


@test("the same seed, the same order; another one, another")
def _():
    a, _ = played("--separation=artist=2")
    b, _ = played("--separation=artist=2")
    c, _ = played("--separation=artist=2", "--seed=2")
    equal(a, b)
    assert a != c


@test("what cannot be kept is kept as far as it can be, and said once")
def _():
    numbers, ran = played("--separation=artist=8", "--loop=3")
    equal(sorted(numbers), sorted(list(range(24)) * 3))
    equal(sum("--separation cannot be kept" in line for line in ran.lines), 1, ran)
    assert nearest(numbers, lambda n: n % ARTISTS) >= 4, numbers


@test("what no tag tells, the list may")
def _():
    for i in range(12):
        tone(f"t{i:02}.wav", 0.5)
    with open("titles.m3u", "w") as f:
        f.write("#EXTM3U\n" + "".join(f"#EXTINF:1,Singer {i % 3} - Song {i}\nt{i:02}.wav\n" for i in range(12)))
    ran = run("plan", "--json", "--separation=artist=2", "--loop=3", "titles.m3u")
    singers = [int(re.search(r"t(\d+)\.wav", t["path"])[1]) % 3 for t in ran.json()["tracks"]]
    equal(len(singers), 36)
    assert nearest(singers, lambda n: n) == 2, singers


@test("a separation that is none is refused")
def _():
    for bad in ("artist", "artist=x", "singer=3", "artist=3;title=4", "artist=-1", ""):
        ran = run("music", "-o", "null:", f"--separation={bad}", status=2)
        assert "--separation" in ran.err, ran


main()
