#!/usr/bin/python3
"""The plan: as a table, as JSON, and rendered again."""
import os
import sys
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa

TITLES = ["Morning", "Clockwork", "Harbour", "Night train", "Postcard", "Finale"]
FIELDS = ("path", "title", "artist", "start", "cue_in", "cue_out", "end", "fade_in", "fade_out", "gain_db", "overlap",
          "transition", "reason")


@test("--json has the fields that are promised")
def _():
    make_music()
    plan = run("plan", "--json", "music/music.m3u").json()
    equal(plan["sample_rate"], 44100)
    equal(plan["channels"], 2)
    near(plan["target_lufs"], -18, 0)
    for title, track in zip(TITLES, plan["tracks"], strict=True):
        assert track["title"].endswith(title), track  # a WAV has its title from the list, with the artist
    for track in plan["tracks"]:
        for field in FIELDS:
            assert field in track, f"{field} is not in {track}"
    starts = [track["start"] for track in plan["tracks"]]
    equal(starts, sorted(starts), "starts")
    near(plan["duration"], plan["tracks"][-1]["end"], 0.001, "duration")


@test("the mix is as long as the plan says, and its songs start where it says")
def _():
    plan = run("plan", "--json", "music/music.m3u").json()
    run("music/music.m3u", "-o", "mix.wav")
    near(Wav("mix.wav").seconds, plan["duration"], 0.001, "seconds")


@test("a plan from a file renders to the same bytes")
def _():
    with open("plan.json", "wb") as f:
        f.write(run("plan", "--json", "music/music.m3u").out)
    run("mix", "--plan", "plan.json", "-o", "again.wav")
    with open("mix.wav", "rb") as a, open("again.wav", "rb") as b:
        equal(a.read() == b.read(), True)


@test("an edited plan is rendered as edited")
def _():
    with open("plan.json", encoding="utf-8") as f:
        plan = json.load(f)
    last = plan["tracks"][-1]
    last["start"] += 2
    last["end"] += 2
    with open("edited.json", "w", encoding="utf-8") as f:
        json.dump(plan, f)
    run("mix", "--plan", "edited.json", "-o", "edited.wav")
    near(Wav("edited.wav").seconds, plan["duration"] + 2, 0.01, "seconds")


@test("a plan that is none: status 1 or 2, named, nothing written")
def _():
    for text in ("", "{", "[]", '{"tracks": 5}', '{"sample_rate": -1, "tracks": [{}]}'):
        with open("broken.json", "w", encoding="utf-8") as f:
            f.write(text)
        ran = run("mix", "--plan", "broken.json", "-o", "broken.wav", status=None)
        assert ran.status in (1, 2) and "broken.json" in ran.err, ran
        assert not os.path.exists("broken.wav"), text


@test("the table names each song")
def _():
    text = run("plan", "music/music.m3u").out.decode()
    for title in TITLES:
        assert title in text, text


@test("--svg: well-formed, every joint, hostile names are words")
def _():
    tone("first.wav", 6)
    tone("second.wav", 6)
    with open("svg.m3u", "w", encoding="utf-8") as f:
        f.write('#EXTM3U\n#EXTINF:6,<script>"&\x07\nfirst.wav\nsecond.wav\n')
    svg = run("plan", "--svg", "svg.m3u").out.decode()
    root = xml.etree.ElementTree.fromstring(svg)
    space = "{http://www.w3.org/2000/svg}"
    equal(root.tag, space + "svg")
    equal({element.tag for element in root.iter()} - {space + n for n in ("svg", "rect", "path", "text", "title")}, set())
    words = [element.text or "" for element in root.iter(space + "text")]
    assert any("<script>" in word for word in words), words
    assert any("overlap of" in word or "pause of" in word for word in words), words
    curves = [path for path in root.iter(space + "path") if path.get("fill-opacity")]
    equal(len(curves), 2, "curves")
    assert all(curve.get("d").count("L") > 50 for curve in curves), "boxes in place of curves"


@test("--cue: a track a song, in order, at the second where its title changes")
def _():
    plan = run("plan", "--json", "music/music.m3u").json()
    lines = run("plan", "--cue", "music/music.m3u").out.decode().splitlines()
    equal(lines[0], 'FILE "mix.wav" WAVE')
    indexes = [line.split()[2] for line in lines if "INDEX 01" in line]
    equal(len(indexes), len(plan["tracks"]))
    for index, track in zip(indexes, plan["tracks"], strict=True):
        minutes, seconds, frames = map(int, index.split(":"))
        near(minutes * 60 + seconds + frames / 75, track["title_at"], 1 / 75 + 0.001, index)
    titles = [line.split('"')[1] for line in lines if line.startswith("    TITLE")]
    for title, track in zip(titles, plan["tracks"], strict=True):
        equal(title, track["title"])


@test("analyze --json: the promised fields, in order of the list; cached the second time")
def _():
    rows = run("analyze", "--json", "music/music.m3u").json_lines()
    equal([row["title"] or "Night train" for row in rows], TITLES)  # a WAV carries none
    for field in ("path", "codec", "sample_rate", "channels", "frames", "duration", "loudness_lufs", "loudness_range_lu",
                  "true_peak_dbtp", "sample_peak_dbfs", "cue_in", "cue_out", "mix_in", "mix_out", "noise_floor_lufs",
                  "inner_silence", "ending", "ending_confidence", "intro", "bpm", "bpm_confidence", "cached"):
        assert field in rows[0], f"{field} is not in {rows[0]}"
    equal([row["cached"] for row in rows], [True] * 6)
    equal([row["codec"] for row in rows[:3]], ["flac", "mp3", "vorbis"])
    equal([row["sample_rate"] for row in rows], [44100, 44100, 48000, 48000, 44100, 48000])


@test("loudness and peak agree with ffmpeg's meter")
def _():
    for row in run("analyze", "--json", "music/music.m3u").json_lines():
        level, peak = loudness(row["path"])
        near(row["loudness_lufs"], level, 0.1, row["title"])  # ffmpeg prints one decimal
        near(row["true_peak_dbtp"], peak, 0.3, row["title"])


@test("a bad file gives an object with an error")
def _():
    with open("bad.wav", "wb") as f:
        f.write(b"nothing")
    tone("good.wav", 2)
    rows = run("analyze", "--json", playlist("b.m3u", "bad.wav", "good.wav")).json_lines()
    equal(len(rows), 2)
    assert rows[0]["path"].endswith("bad.wav") and rows[0]["error"], rows
    equal(set(rows[0]), {"path", "error"})
    assert "error" not in rows[1] or rows[1]["error"] is None, rows


main()
