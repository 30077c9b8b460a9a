#!/usr/bin/python3
"""Tags as usual programs write them, format by format: what a decoder finds is what was written."""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa

try:
    import mutagen
    from mutagen import aiff, apev2, asf, dsf, id3, mp4, trueaudio, wave
except ImportError:
    mutagen = None

DECODE = os.path.join(os.path.dirname(os.path.abspath(JUKEBOX)), "drive", "decode")
HAS_LIBAV = os.path.exists(os.path.join(os.environ.get("JUKEBOX_MODULES", ""), "libav.so"))

NAMES = {"title": "Für Elise ♪", "artist": "Someone", "album": "Some Album", "album_artist": "Them", "track": "3/12",
         "disc": "1/2", "date": "2001-02-03"}
LEVELS = {"replaygain_track_gain": "-3.50 dB", "replaygain_track_peak": "0.9", "replaygain_album_gain": "-4.50 dB",
          "r128_track_gain": "-512", "mixramp_start": "-20.0 0.5", "mixramp_end": "-20.0 0.7", "mixramp_ref": "-17",
          "liq_cue_in": "1.5", "liq_cross_duration": "4"}
ALL = {**NAMES, **LEVELS}
YEAR = {**ALL, "date": "2001"}  # ID3v2.3 keeps the day in a frame of its own


def without(names, *left_out):
    return {name: value for name, value in names.items() if name not in left_out}


# Containers that have no place for the others.
INFO = without(NAMES, "album_artist", "disc")


def found(path):
    """All tags, as the decoder gives them."""
    said = subprocess.run([DECODE, path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True).stdout
    lines = (line.partition(f"{path}: ")[2].partition("=") for line in said.splitlines())
    return {name: value for name, equals, value in lines if equals and name in ALL}


def make(path, *arguments):
    if not shutil.which("ffmpeg"):
        skip("no ffmpeg")
    if not os.path.exists("plain.wav"):
        tone("plain.wav", 0.5, 440)
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", "plain.wav", *arguments, path], check=True)
    return path


# Ending, options, what comes back; the formats of the libav module last.
BY_FFMPEG = [
    ("mp3", "-id3v2_version 4", ALL),
    ("mp3", "-id3v2_version 3", YEAR),
    ("flac", "", ALL),
    ("ogg", "-c:a libvorbis", ALL),
    ("opus", "-c:a libopus", ALL),
    ("oga", "-c:a flac", ALL),
    ("aiff", "-write_id3v2 1", ALL),
    ("wav", "", INFO),
    ("wav", "-rf64 always", INFO),
]
BY_FFMPEG_WITH_LIBAV = [
    ("m4a", "-c:a aac", NAMES),
    ("m4a", "-c:a alac -movflags use_metadata_tags", ALL),
    ("mka", "-c:a aac", ALL),
    ("webm", "-c:a libopus", ALL),
    ("wma", "-c:a wmav2", ALL),
    ("caf", "-c:a alac", ALL),
    ("tta", "-c:a tta", ALL),
    ("wv", "-c:a wavpack", ALL),
    ("spx", "-c:a libspeex -ar 16000", ALL),
    ("flv", "-c:a aac", ALL),
    ("avi", "-c:a libmp3lame", INFO),
    ("aac", "-c:a aac -write_id3v2 1", ALL),
]


def check_ffmpeg(cases):
    words = [word for name, value in ALL.items() for word in ("-metadata", f"{name}={value}")]
    for ending, options, wanted in cases:
        equal(found(make(f"ffmpeg.{ending}", *words, *options.split())), wanted, f"{ending} {options}")


@test("by ffmpeg")
def _():
    check_ffmpeg(BY_FFMPEG)


@test("by ffmpeg, read by libav")
def _():
    if not HAS_LIBAV:
        skip("no libav in this build")
    check_ffmpeg(BY_FFMPEG_WITH_LIBAV)


# ---- taggers: mutagen, which Quod Libet, Picard and beets write with ---------------------------

FRAMES = {"title": "TIT2", "artist": "TPE1", "album": "TALB", "album_artist": "TPE2", "track": "TRCK", "disc": "TPOS", "date": "TDRC"}
APE_NAMES = {"title": "Title", "artist": "Artist", "album": "Album", "album_artist": "Album Artist", "track": "Track",
             "disc": "Disc", "date": "Year"}
VORBIS_NAMES = {"album_artist": "ALBUMARTIST", "track": "TRACKNUMBER", "disc": "DISCNUMBER"}
ASF_NAMES = {"title": "Title", "artist": "Author", "album": "WM/AlbumTitle", "album_artist": "WM/AlbumArtist",
             "track": "WM/TrackNumber", "disc": "WM/PartOfSet", "date": "WM/Year"}


def put_id3(tags):
    for name, value in ALL.items():
        tags.add(getattr(id3, FRAMES[name])(encoding=3, text=value) if name in FRAMES else
                 id3.TXXX(encoding=3, desc=name if name.startswith("liq") else name.upper(), text=value))


def save_id3(path, version=4):
    tags = id3.ID3()
    put_id3(tags)
    if version == 3:
        tags.update_to_v23()
    tags.save(path, v2_version=version)


def save_ape(path):
    tags = apev2.APEv2()
    for name, value in ALL.items():
        tags[APE_NAMES.get(name, name.upper())] = value
    tags.save(path)


def save_vorbis(path):
    file = mutagen.File(path)
    for name, value in ALL.items():
        file[VORBIS_NAMES.get(name, name)] = value
    file.save()


def save_chunk(kind):
    def save(path):
        file = kind(path)
        if file.tags is None:
            file.add_tags()
        put_id3(file.tags)
        file.save()
    return save


def save_mp4(path):
    file = mp4.MP4(path)
    for name, value in (("\xa9nam", "title"), ("\xa9ART", "artist"), ("\xa9alb", "album"), ("aART", "album_artist"), ("\xa9day", "date")):
        file[name] = ALL[value]
    file["trkn"], file["disk"] = [(3, 12)], [(1, 2)]
    for name, value in LEVELS.items():
        file["----:com.apple.iTunes:" + name] = value.encode()
    file.save()


def save_asf(path):
    file = asf.ASF(path)
    for name, value in ALL.items():
        file[ASF_NAMES.get(name, name)] = value
    file.save()


def check_mutagen(cases):
    if not mutagen:
        skip("no python3-mutagen")
    for ending, options, save, wanted in cases:
        path = make(f"mutagen.{ending}", "-map_metadata", "-1", *options.split())
        save(path)
        equal(found(path), wanted, f"{ending} {options}")


@test("by mutagen: ID3v2.3, ID3v2.4 and APEv2 in MP3, Vorbis comments, chunks")
def _():
    check_mutagen([
        ("mp3", "-id3v2_version 0", save_id3, ALL),
        ("mp3", "-id3v2_version 0", lambda path: save_id3(path, 3), YEAR),
        ("mp3", "-id3v2_version 0", save_ape, ALL),
        ("flac", "", save_vorbis, ALL),
        ("ogg", "-c:a libvorbis", save_vorbis, ALL),
        ("opus", "-c:a libopus", save_vorbis, ALL),
        ("oga", "-c:a flac", save_vorbis, ALL),
        ("wav", "", save_chunk(mutagen and wave.WAVE), ALL),
        ("aiff", "", save_chunk(mutagen and aiff.AIFF), ALL),
    ])


@test("by mutagen, read by libav: MP4 atoms, ASF, APEv2, ID3")
def _():
    if not HAS_LIBAV:
        skip("no libav in this build")
    check_mutagen([
        ("m4a", "-c:a aac", save_mp4, ALL),
        ("m4a", "-c:a alac", save_mp4, ALL),
        ("wma", "-c:a wmav2", save_asf, ALL),
        ("wv", "-c:a wavpack", save_ape, ALL),
        ("tta", "-c:a tta", save_chunk(mutagen and trueaudio.TrueAudio), ALL),
        ("tta", "-c:a tta", save_ape, ALL),
        ("spx", "-c:a libspeex -ar 16000", save_vorbis, ALL),
        ("aac", "-c:a aac", save_id3, ALL),
        ("aac", "-c:a aac", save_ape, ALL),
    ])


@test("by mutagen: Musepack")
def _():
    if not (HAS_LIBAV and mutagen and shutil.which("mpcenc")):
        skip("no libav in this build, no python3-mutagen or no mpcenc")
    make("again.wav")
    subprocess.run(["mpcenc", "--silent", "--overwrite", "again.wav", "mutagen.mpc"], check=True, stdout=subprocess.DEVNULL)
    save_ape("mutagen.mpc")
    equal(found("mutagen.mpc"), ALL)


@test("ID3v2 counts for more than APEv2 and ID3v1 at the end of the file, which fill gaps")
def _():
    if not (mutagen and shutil.which("lame")):
        skip("no python3-mutagen or no lame")
    make("again.wav", "-bitexact", "-map_metadata", "-1")
    long = {"title": "A title of more than thirty characters", "artist": "Those who have a very long name, too"}
    subprocess.run(["lame", "--quiet", "--add-id3v2", "--tt", long["title"], "--ta", long["artist"], "again.wav", "three.mp3"], check=True)
    with open("three.mp3", "rb") as f:
        assert f.read()[-128:].startswith(b"TAGA title of more than thirty ch"), "ID3v1 is there, too"
    tags = apev2.APEv2()
    tags["Title"], tags["Album"], tags["REPLAYGAIN_TRACK_GAIN"] = "Another", "Only here", "-1.00 dB"
    tags.save("three.mp3")
    equal(found("three.mp3"), {**long, "album": "Only here", "replaygain_track_gain": "-1.00 dB"})


@test("of several artists the first one counts")
def _():
    if not mutagen:
        skip("no python3-mutagen")
    for ending, codec in ("flac", "flac"), ("ogg", "libvorbis"), ("opus", "libopus"), ("mp3", "libmp3lame"):
        path = make(f"two.{ending}", "-map_metadata", "-1", "-c:a", codec)
        file = mutagen.File(path, easy=True)
        file["artist"] = ["First", "Second"]
        file.save()
        equal(found(path), {"artist": "First"}, ending)


@test("by the codecs' own taggers: metaflac, vorbiscomment, oggenc, opusenc, lame")
def _():
    make("again.wav", "-bitexact", "-map_metadata", "-1")
    comments = [f"{VORBIS_NAMES.get(name, name.upper())}={value}" for name, value in ALL.items()]
    few = without(NAMES, "album_artist", "disc")
    for program, command in (
            ("metaflac", [["flac", "--totally-silent", "-f", "again.wav", "-o", "own.flac"],
                          ["metaflac", "--no-utf8-convert", *(f"--set-tag={c}" for c in comments), "own.flac"]]),
            ("vorbiscomment", [["oggenc", "-Q", "again.wav", "-o", "own.ogg"],
                               ["vorbiscomment", "-R", "-w", "own.ogg", *(w for c in comments for w in ("-t", c))]]),
            ("opusenc", [["opusenc", "--quiet", *(w for c in comments for w in ("--comment", c)), "again.wav", "own.opus"]])):
        if not shutil.which(program):
            print(f"# no {program}")
            continue
        for words in command:
            subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
        equal(found(command[-1][-1] if program == "opusenc" else command[0][-1]), ALL, program)
    if shutil.which("lame"):
        subprocess.run(["lame", "--quiet", "--id3v2-utf16", "--tt", "Für Elise", "--ta", few["artist"], "--tl", few["album"], "--tn",
                        few["track"], "--ty", "2001", "--tv", "TXXX=liq_cue_in=1.5", "again.wav", "own.mp3"], check=True)
        equal(found("own.mp3"), {**few, "title": "Für Elise", "date": "2001", "liq_cue_in": "1.5"}, "lame")


main()
