#!/usr/bin/python3
"""ID3 tags in chunks of WAV and AIFF files, as ffmpeg and tag editors put them there; iTunes' note in M4A."""
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


def atom(name, body):
    return (len(body) + 8).to_bytes(4, "big") + name + body


def with_note(path, delay, padding, frames):
    """The M4A with iTunes' note of where its music lies, at the end of its tags."""
    with open(path, "rb") as f:
        data = bytearray(f.read())
    text = f" 00000000 {delay:08X} {padding:08X} {frames:016X}".encode()
    note = atom(b"----", atom(b"mean", bytes(4) + b"com.apple.iTunes") + atom(b"name", bytes(4) + b"iTunSMPB") +
                atom(b"data", (1).to_bytes(4, "big") + bytes(4) + text))
    for name in (b"moov", b"udta", b"meta", b"ilst"):
        at = data.index(name, data.index(b"moov")) - 4
        size = int.from_bytes(data[at:at + 4], "big")
        assert at + size == len(data), name  # each is the last of what holds it
        data[at:at + 4] = (size + len(note)).to_bytes(4, "big")
    with open("noted.m4a", "wb") as f:
        f.write(data + note)
    return "noted.m4a"


@test("M4A without an edit list: iTunes' note tells where the music begins and ends")
def _():
    if not os.path.exists(os.path.join(os.environ.get("JUKEBOX_MODULES", ""), "libav.so")):
        skip("no libav in this build")
    n = 70001
    noise = numpy.random.default_rng(5).standard_normal(n + 7)
    sound = 0.1 * sum(noise[i:n + i] for i in range(8))[:, None] / 3
    write_wav("plain.wav", numpy.repeat(sound, 2, axis=1), RATE)
    ffmpeg("-i", "plain.wav", "-c:a", "aac", "-b:a", "256k", "-use_editlist", "0", "-metadata", "title=x", "plain.m4a")
    run("--plain", "--no-cache", "plain.m4a", "-o", "plain-out.wav")
    equal(len(Wav("plain-out.wav").frames) > n, True, "longer without the note")
    run("--plain", "--no-cache", with_note("plain.m4a", 1024, -(n + 1024) % 1024, n), "-o", "noted.wav")
    original, made = (Wav(name).frames[:, 0] for name in ("plain.wav", "noted.wav"))
    equal(len(made), n, "frames")
    lags = {lag: float(numpy.dot(original[3000:60000], made[3000 + lag:60000 + lag])) for lag in range(-3, 4)}
    equal(max(lags, key=lags.get), 0, "where the music begins")


main()
