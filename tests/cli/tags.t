#!/usr/bin/python3
"""ID3 tags in chunks of WAV and AIFF files, as ffmpeg and tag editors put them there."""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa

WANTED = {"title": "Für Elise ♪", "artist": "Someone", "album": "Some Album"}


def ffmpeg(*arguments):
    if not shutil.which("ffmpeg"):
        skip("no ffmpeg")
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *arguments], check=True)


def tagged(*arguments):
    tone("plain.wav", 1, 440)
    words = [word for name, value in WANTED.items() for word in ("-metadata", f"{name}={value}")]
    ffmpeg("-i", "plain.wav", *words, *arguments)
    return arguments[-1]


def id3():
    """The tag that ffmpeg puts before an MP3."""
    with open(tagged("-metadata", "replaygain_track_gain=-3.50 dB", "tag.mp3"), "rb") as f:
        data = f.read()
    size = sum((byte & 127) << 7 * (3 - i) for i, byte in enumerate(data[6:10]))
    return data[:10 + size]


def chunk(name, body, order="little"):
    return name + len(body).to_bytes(4, order) + body + bytes(len(body) % 2)


def wav_with(path, before=b"", behind=b"", source="plain.wav"):
    """A WAV with chunks before and behind its samples."""
    with open(source, "rb") as f:
        data = f.read()
    at = data.index(b"data")
    body = data[8:at] + before + data[at:] + behind
    with open(path, "wb") as f:
        f.write(data[:4] + len(body).to_bytes(4, "little") + body)
    return path


def facts(path):
    found = run("analyze", "--json", "--no-cache", path).json()
    equal(found["frames"], RATE, "frames")
    return {name: found[name] for name in WANTED}


RATE = 44100


@test("AIFF by ffmpeg, with an ID3 chunk")
def _():
    equal(facts(tagged("-write_id3v2", "1", "tag.aiff")), WANTED)


@test("WAV with an ID3 chunk behind and before the samples, its name in either spelling")
def _():
    tag = id3()
    for name in (b"id3 ", b"ID3 "):
        equal(facts(wav_with("behind.wav", behind=chunk(name, tag))), WANTED)
        equal(facts(wav_with("before.wav", before=chunk(name, tag))), WANTED)


@test("RF64 by ffmpeg, with an ID3 chunk behind samples of a size of 64 bits")
def _():
    tag = id3()
    ffmpeg("-i", "plain.wav", "-rf64", "always", "-f", "wav", "rf64.wav")
    equal(facts(wav_with("rf64-tag.wav", behind=chunk(b"id3 ", tag), source="rf64.wav")), WANTED)


@test("the ID3 tag counts for more than the INFO list beside it, which fills gaps")
def _():
    tag = id3()
    names = chunk(b"LIST", b"INFO" + chunk(b"INAM", b"Fur Elise\0") + chunk(b"ICRD", b"1810\0"))
    equal(facts(wav_with("both.wav", before=names, behind=chunk(b"id3 ", tag))), WANTED)
    equal(facts(wav_with("info.wav", before=names))["title"], "Fur Elise")


@test("its ReplayGain is used too")
def _():
    tag = id3()
    assert b"REPLAYGAIN_TRACK_GAIN" in tag.upper()
    loud = run("plan", "--json", "--no-cache", "--use-tags", wav_with("gain.wav", behind=chunk(b"id3 ", tag))).json()
    bare = run("plan", "--json", "--no-cache", "--use-tags", "plain.wav").json()
    assert abs(loud["tracks"][0]["gain_db"] - bare["tracks"][0]["gain_db"]) > 0.1, (loud, bare)


@test("chunks that lie: the music plays, and nothing is read that is not there")
def _():
    tag = id3()
    cases = (chunk(b"id3 ", tag)[:30], b"id3 " + b"\xff" * 4 + tag, chunk(b"id3 ", tag[:6] + b"\x7f" * 4 + tag[10:]),
             chunk(b"id3 ", b""), chunk(b"junk", b"") * 5000 + chunk(b"id3 ", tag))
    for n, lie in enumerate(cases):
        facts(wav_with(f"lie{n}.wav", behind=lie))


main()
