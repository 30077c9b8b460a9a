#!/usr/bin/python3
"""Every encoder, decoded and looked at by other people's programs: length, validity, tags, chapters."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa
from streams import decode, have, ogg_titles  # noqa

FRAMES = 12 * 44100 + 77
LAYER_2 = {"a.mp2": (), "b.mp2": ("bitrate=384", "rate=48000"), "mono.mp2": ("channels=1", "bitrate=64"),
           "low.mp2": ("rate=22050", "bitrate=40")}
LOSSY = {"a.mp3": (), "cbr.mp3": ("bitrate=128",), "abr.mp3": ("mode=abr", "bitrate=128"), "vbr.mp3": ("quality=4",), "a.ogg": (),
         "b.ogg": ("bitrate=112",), "a.opus": (), "mono.mp3": ("channels=1", "bitrate=64"), "low.mp3": ("rate=22050",),
         **LAYER_2}
LOSSLESS = ("a.wav", "a.flac", "a.aiff", "a.caf", "a.w64", "a.au", "b.wav?format=s24", "b.flac?format=s24", "c.wav?format=f32")


def make():
    for name, hz, seconds in (("one", 500, 4), ("two", 800, 4), ("three", 1200, 4 + 77 / 44100)):
        tone(name + ".wav", seconds, hz)
    with open("l.m3u", "w", encoding="utf-8") as f:
        f.write("#EXTM3U\n#EXTINF:4,Ärtist - Öne & <two>\none.wav\n#EXTINF:4,Two\ntwo.wav\nthree.wav\n")
    specs = [name + ("?" + "&".join(options) if options else "") for name, options in LOSSY.items()] + list(LOSSLESS)
    run("--plain", "l.m3u", *[word for spec in specs for word in ("-o", spec)])


def said(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True).stdout.decode()


def ffprobe(path):
    return json.loads(subprocess.run(["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_format", "-show_chapters", path],
                                     stdout=subprocess.PIPE, check=True).stdout)


@test("made in one run")
def _():
    make()


@test("lossless: ffmpeg reads exactly the frames that were mixed, and the same ones from each; flac -t, sndfile-info agree")
def _():
    reference = Wav("a.wav")
    equal(len(reference.frames), FRAMES)
    for spec in LOSSLESS:
        path = spec.split("?")[0]
        equal(len(decode(path)), FRAMES, path)
        if "?" not in spec:
            got = numpy.frombuffer(subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", path, "-f", "s16le", "-"],
                                                  stdout=subprocess.PIPE, check=True).stdout, "<i2").reshape(-1, 2) / 32768
            equal(bool(numpy.array_equal(got, reference.frames)), True, path)
    for path in ("a.flac", "b.flac"):
        said("flac", "-s", "-t", path)


@test("MP3: mpg123 and ffmpeg get exactly the frames that were mixed; LAME's tag is right")
def _():
    for path in [p for p in LOSSY if p.endswith(".mp3")]:
        rate = 22050 if path == "low.mp3" else 44100
        wanted = round(FRAMES * rate / 44100)
        decoded = Wav(subprocess.run(["mpg123", "-q", "-w", "-", path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout)
        near(len(decoded.frames), wanted, 0 if rate == 44100 else 2, f"{path} by mpg123")
        equal(decoded.channels, 1 if path == "mono.mp3" else 2, path)
        near(len(decode(path, rate)), wanted, 0 if rate == 44100 else 2, f"{path} by ffmpeg")
        near(float(ffprobe(path)["format"]["duration"]), FRAMES / 44100, 0.12, path)
    if have("mediainfo"):
        for path, mode in (("cbr.mp3", "CBR"), ("vbr.mp3", "VBR"), ("a.mp3", "VBR")):
            equal(said("mediainfo", "--Inform=Audio;%BitRate_Mode%|%Format%|%Format_Profile%|%Encoded_Library%", path).strip(),
                  f"{mode}|MPEG Audio|Layer 3|LAME3.100", path)


@test("MPEG Layer II: whole frames to the end, by mpg123 and ffmpeg; the sound where the format has it; wrong rates are refused")
def _():
    for path, rate, channels in (("a.mp2", 44100, 2), ("b.mp2", 48000, 2), ("mono.mp2", 44100, 1), ("low.mp2", 22050, 2)):
        frames = -(-(FRAMES * rate // 44100) // 1152) * 1152
        decoded = Wav(subprocess.run(["mpg123", "-q", "-w", "-", path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout)
        equal((decoded.rate, decoded.channels), (rate, channels), path)
        # The last frame comes out of the filters only when another one follows.
        assert frames <= len(decoded.frames) <= frames + 1152, (path, frames, len(decoded.frames))
        equal(len(decode(path, rate)), len(decoded.frames), f"{path} by ffmpeg")
        stream = ffprobe(path)["streams"][0]
        equal((stream["codec_name"], stream["bit_rate"]), ("mp2", str(dict(zip(LAYER_2, (192, 384, 64, 40)))[path] * 1000)))
    # The first tone ends, and the second begins, 481 frames later than in the mix.
    wav, mp2 = decode("a.wav"), decode("a.mp2")
    middle = slice(4 * 44100 - 20000, 4 * 44100 + 20000)
    errors = {shift: float(numpy.abs(mp2[middle.start + shift:middle.stop + shift] - wav[middle]).mean()) for shift in range(470, 493)}
    equal(min(errors, key=errors.get), 481, "delay")
    assert errors[481] < 0.002, errors
    for wrong in "bitrate=200", "bitrate=80", "bitrate=64.5", "bitrate=224&channels=1", "bitrate=192&rate=24000", "quality=3":
        ran = run("--plain", "one.wav", "-o", f"wrong.mp2?{wrong}", status=2)
        equal(len(ran.lines), 1, ran)
        assert "mp2" in ran.err and not os.path.exists("wrong.mp2"), ran


@test("Vorbis and Opus: exact length by ogginfo, oggdec, opusinfo, opusdec, ffmpeg; nothing to warn of")
def _():
    for path in ("a.ogg", "b.ogg"):
        info = said("ogginfo", path)
        assert "WARNING" not in info and "0m:12.001s" in info, info
        said("oggdec", "-Q", "-o", "decoded.wav", path)
        equal(len(Wav("decoded.wav").frames), FRAMES, path)
        equal(len(decode(path)), FRAMES, path)
    info = said("opusinfo", "a.opus")
    assert "WARNING" not in info and "0m:12.001s" in info, info
    said("opusdec", "--quiet", "--rate", "48000", "a.opus", "decoded.wav")
    near(len(Wav("decoded.wav").frames), FRAMES * 48 / 44.1, 1, "a.opus by opusdec")
    near(len(decode("a.opus", 48000)), FRAMES * 48 / 44.1, 1, "a.opus by ffmpeg")


@test("chapters of MP3, Ogg Vorbis and Opus, as ffprobe and mediainfo see them; without them the sound is the same")
def _():
    starts = [0, 4, 8]
    titles = ["Ärtist - Öne & <two>", "Two", "three"]
    for path in ("a.mp3", "a.ogg", "cbr.mp3", "a.opus"):
        chapters = ffprobe(path)["chapters"]
        equal([chapter["tags"]["title"] for chapter in chapters], titles, path)
        for chapter, start in zip(chapters, starts):
            near(float(chapter["start_time"]), start, 0.002, path)
        near(float(chapters[-1]["end_time"]), FRAMES / 44100, 0.06, path)
    if have("mediainfo"):
        menu = said("mediainfo", "a.ogg")
        for title in titles:
            assert title in menu, menu
    run("--plain", "l.m3u", "-o", "n.mp3?chapters=no", "-o", "n.ogg?chapters=no", "-o", "n.opus?chapters=no")
    for path, plain in (("a.mp3", "n.mp3"), ("a.ogg", "n.ogg"), ("a.opus", "n.opus")):
        equal(ffprobe(plain)["chapters"], [], plain)
        equal(bool(numpy.array_equal(decode(path), decode(plain))), True, path)
        with open(path, "rb") as f, open(plain, "rb") as g:
            whole, bare = f.read(), g.read()
        # LAME's tag has a checksum over more than the sound.
        equal(whole.endswith(bare[2000:] if plain.endswith("mp3") else bare[-20000:]), True, path)


@test("many chapters, and long titles: as many as there is room for")
def _():
    entries = []
    for i in range(120):
        entries += [f"#EXTINF:1,{'xä' * 90} {i}", tone(f"t{i % 2}.wav", 0.3, 500 + 300 * (i % 2))]
    run("--plain", playlist("many.m3u", "#EXTM3U", *entries), "-o", "many.mp3", "-o", "many.ogg", "-o", "many.opus")
    assert "WARNING" not in said("opusinfo", "many.opus"), said("opusinfo", "many.opus")
    for path in ("many.mp3", "many.ogg", "many.opus"):
        chapters = ffprobe(path)["chapters"]
        assert 50 <= len(chapters) <= 120, len(chapters)
        assert chapters[10]["tags"]["title"].startswith("xä" * 39)
        near(len(decode(path)), round(120 * 0.3 * 44100), 2, path)


main()
