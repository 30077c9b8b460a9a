"""For tests of `jukebox verify`: a list of songs, its mix and plan, and ways to spoil them."""
import copy

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
