#!/usr/bin/python3
"""Decoders in a process of their own: what one does to itself, it does to nobody else."""
import contextlib
import os
import resource
import select
import signal
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa
from processes import *  # noqa

CC = os.environ.get("CC", "cc").split()
RATE = 44100


def prepare():
    if not os.path.exists("modules/evil.so"):
        os.makedirs("modules")
        subprocess.run([*CC, "-shared", "-fPIC", "-I", os.path.join(TOP, "include"),
                        "-I", os.path.join(TOP, "src"), "-o", "modules/evil.so",
                        os.path.join(TOP, "tests", "support", "modules", "evil.c")], check=True)
        tone("one.wav", 1, 440)
        tone("two.wav", 1, 550)
    os.environ["JUKEBOX_MODULES"] = os.path.abspath("modules")


def evil(deed):
    prepare()
    with open(f"{deed}.evil", "wb") as f:
        f.write(b"EVIL" + deed.encode() + bytes(1000))
    return f"{deed}.evil"


def between_good(bad, *options):
    """Both good tracks play whole, and one line names the bad one; that line."""
    ran = run("--plain", "--no-cache", *options, playlist("three.m3u", "one.wav", bad, "two.wav"), "-o", "three.wav")
    equal(len(Wav("three.wav").frames), 2 * RATE, "frames of the good tracks")
    lines = [line for line in ran.lines if bad in line]
    equal(len(lines), 1, str(ran))
    return lines[0]


@test("the same bytes with and without a sandbox")
def _():
    prepare()
    names = playlist("good.m3u", "one.wav", "two.wav")
    for when in ("on", "off"):
        run("--no-cache", f"--sandbox={when}", names, "-o", f"{when}.wav")
    with open("on.wav", "rb") as a, open("off.wav", "rb") as b:
        equal(a.read() == b.read(), True)


@test("a decoder that crashes is one skipped track")
def _():
    assert "crashed" in between_good(evil("C"))


@test("a decoder that hangs is stopped, and is one skipped track")
def _():
    assert "hung" in between_good(evil("H"))


@test("a decoder gets no file, socket, process or program")
def _():
    line = between_good(evil("P"))
    for what in ("file", "new file", "network", "local socket", "process", "program"):
        assert f"{what} refused" in line, line
    equal(os.path.exists("made-by-a-decoder"), False)


@test("... which it would get outside of the sandbox")
def _():
    line = between_good(evil("P"), "--sandbox=off")
    try:
        os.unlink("made-by-a-decoder")
    except OSError:
        pass
    assert "file allowed" in line and "network allowed" in line, line


@test("a decoder gets a gigabyte of memory at most")
def _():
    if is_sanitized():
        skip("sanitizers need more address space than that")
    assert "memory refused" in between_good(evil("M"))


@test("a crash behind the first second, while measuring, is one skipped track too")
def _():
    assert "crashed" in between_good(evil("L"))


@test("what answers in a decoder's place while it is measured is not believed")
def _():
    assert "no sensible answer" in between_good(evil("R"))


def records(cache):
    with contextlib.closing(sqlite3.connect(cache)) as db:
        return db.execute("SELECT path, failure, record FROM track ORDER BY path").fetchall()


@test("the same records with and without a sandbox: of any rate and channels, of parts, of damaged files")
def _():
    prepare()
    names = [tone("low.wav", 3, 300, rate=8000, channels=1), tone("high.wav", 3, 3000, rate=96000),
             tone("six.wav", 2, 440, channels=6), tone("short.wav", 0.001), tone("half.wav", 4)]
    os.truncate("half.wav", os.path.getsize("half.wav") // 2)
    with open("parts.cue", "w") as f:
        f.write('FILE "half.wav" WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 01 00:01:00\n')
    for when in ("on", "off"):
        run("analyze", f"--sandbox={when}", f"--cache={when}.db", *names, "parts.cue")
    equal(len(records("on.db")), len(names) + 2)
    equal(records("on.db") == records("off.db"), True)


@test("a decoder that is killed while its file is measured costs only time")
def _():
    tone("silent.wav", 1)
    with open("silent.wav", "r+b") as f:  # silence behind its second, which takes no room on the disk
        f.seek(4)
        f.write((36 + 4 * 900 * RATE).to_bytes(4, "little"))
        f.seek(40)
        f.write((4 * 900 * RATE).to_bytes(4, "little"))
        f.truncate(44 + 4 * 900 * RATE)
    run("analyze", "--cache=unharmed.db", "silent.wav")
    measuring = subprocess.Popen([JUKEBOX, "analyze", "-v", "--cache=harmed.db", "silent.wav"], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while True:  # until it is at work
        assert measuring.poll() is None, "it was measured before anybody could be killed"
        working = [pid for pid in decoders_of(measuring.pid) if processor_ticks(pid) >= 5]
        if working:
            break
    kill(signal.SIGKILL, *working)
    said = measuring.communicate(timeout=LONGEST_SECONDS)[1].decode()
    equal(measuring.returncode, 0, said)
    assert "its decoder died while it was measured; once more" in said, said
    equal(records("harmed.db") == records("unharmed.db"), True)


class Mix:
    """A run that plays three tracks of two minutes each, and waits for us in the first."""

    def __init__(self, *options, **environment):
        prepare()
        if not os.path.exists("kill.db"):
            tone("long.wav", 120, 330)
            tone("later.wav", 120, 660)
            tone("last.wav", 120, 550)
            run("analyze", "long.wav", "later.wav", "last.wav", "--cache=kill.db")
            names = playlist("kill.m3u", "long.wav", "later.wav", "last.wav")
            with open("unharmed.wav", "wb") as f:
                f.write(run("--plain", "--cache=kill.db", names, "-o", "-").out)
        self.process = subprocess.Popen([JUKEBOX, "--plain", "--cache=kill.db", "-v", *options, "kill.m3u", "-o", "-"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        bufsize=0, env=dict(os.environ, **environment))
        self.got = b""
        self.read(400000)

    def read(self, n_bytes):
        until = len(self.got) + n_bytes
        while len(self.got) < until:
            more = self.process.stdout.read(65536)
            assert more, self.process.stderr.read()
            self.got += more

    def helper(self):
        found = children(self.process.pid)
        equal(len(found), 1, "helpers")
        return found[0]

    def decoders(self):
        found = decoders_of(self.process.pid)
        assert found, "no process decodes"
        return found

    def rest(self, status=0):
        """What it says, when it has ended; the music is in got."""
        more, said = self.process.communicate(timeout=LONGEST_SECONDS)
        self.got += more
        equal(self.process.returncode, status, said)
        return said.decode()

    def is_unharmed(self):
        with open("unharmed.wav", "rb") as f:
            equal(self.got == f.read(), True, "the music is what it is when nobody is killed")


def kill(signal_number, *pids):
    """... and, where it kills, waits for the end."""
    for pid in pids:
        try:
            process = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        signal.pidfd_send_signal(process, signal_number)
        if signal_number == signal.SIGKILL:
            assert select.select([process], [], [], LONGEST_SECONDS)[0]
        os.close(process)


@test("a decoder that is killed in the middle of a song costs nothing: another goes on where it was")
def _():
    mix = Mix()
    kill(signal.SIGKILL, *mix.decoders())
    said = mix.rest()
    assert "long.wav: warning: its decoder died, and was started again" in said, said
    mix.is_unharmed()


@test("the helper is killed twice: others take its place, and nothing is lost")
def _():
    mix = Mix()
    first = mix.helper()
    kill(signal.SIGKILL, first)
    mix.read(15 << 20)  # the samples that were ahead, and some that were not
    second = mix.helper()
    assert second != first
    kill(signal.SIGKILL, second)
    said = mix.rest()
    equal(said.count("helper process died; another took its place"), 2, said)
    mix.is_unharmed()


@test("decoders and the helper are killed at once: nothing is lost")
def _():
    mix = Mix()
    kill(signal.SIGKILL, *mix.decoders(), mix.helper())
    said = mix.rest()
    assert "another took its place" in said, said
    mix.is_unharmed()


@test("... or stopped: they are sent on")
def _():
    mix = Mix()
    kill(signal.SIGSTOP, *mix.decoders(), mix.helper())
    mix.rest()
    mix.is_unharmed()


@test("a helper that dies again and again is not replaced for ever: then the program decodes")
def _():
    mix = Mix("--buffer=1M")
    for _ in range(7):
        while not children(mix.process.pid):
            mix.read(65536)
        kill(signal.SIGKILL, mix.helper())  # three deaths at one place are the file's doing, but not those
    said = mix.rest()
    assert "died 7 times: for a minute files are decoded in the program itself" in said, said
    mix.is_unharmed()


def descriptors(pid):
    return {int(fd): os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}


def mix_with_more_to_hold():
    with open("held", "w") as held:
        os.set_inheritable(held.fileno(), True)
        mix = Mix()
    kill(signal.SIGKILL, mix.helper())
    mix.read(15 << 20)
    return mix


@test("the helper holds no descriptor that it does not need")
def _():
    mix = mix_with_more_to_hold()
    held = descriptors(mix.helper())
    mix.rest()
    equal(sorted(held), [0, 1, 2, 3], held)
    equal([held[0], held[1], held[3].split(":")[0]], ["/dev/null", "/dev/null", "socket"], held)


@test("a decoder holds no descriptor but its file and its socket")
def _():
    mix = mix_with_more_to_hold()
    if os.geteuid() != 0:
        mix.rest()
        skip("only root may look into a decoder")
    of_decoders = [descriptors(pid) for pid in mix.decoders()]
    mix.rest()
    for held in of_decoders:
        equal(sorted(held), [0, 1, 2, 3, 4], held)
        assert held[3].endswith(".wav") and held[4].startswith("socket:"), held


def without_seccomp():
    """LD_PRELOAD for a kernel that refuses filters."""
    if is_sanitized():
        skip("sanitizers want to be loaded first")
    with open("refuse.c", "w") as f:
        f.write("int seccomp_load(void *filter) { return -22; }\n")
    subprocess.run([*CC, "-shared", "-fPIC", "-o", "refuse.so", "refuse.c"], check=True)
    return {"LD_PRELOAD": os.path.abspath("refuse.so")}


@test("without seccomp limits on resources hold, and --verbose says so")
def _():
    refusing = without_seccomp()
    deed = evil("F")
    ran = run("--plain", "--no-cache", "-v", playlist("limits.m3u", "one.wav", deed), "-o", "limits.wav", env=refusing)
    equal(ran.err.count("no seccomp here: decoders are held by limits on resources alone"), 1, ran.err)
    for what in ("file", "new file", "network", "local socket"):
        assert f"{what} refused" in ran.err, ran.err
    equal(len(Wav("limits.wav").frames), RATE)


@test("--sandbox=require refuses files where there is no seccomp, and plays them where there is")
def _():
    prepare()
    names = playlist("require.m3u", "one.wav", "two.wav")
    ran = run("--plain", "--no-cache", "--sandbox=require", names, "-o", "require.wav", status=None)
    if ran.status == 0:
        equal(len(Wav("require.wav").frames), 2 * RATE)
        ran = run("--plain", "--no-cache", "--sandbox=require", names, "-o", "none.wav", env=without_seccomp(), status=1)
    equal(ran.err.count("there is no seccomp to decode it under"), 2, ran)


def processor_seconds(*arguments):
    """What a run took, by the kernel's account of ended children, as a shell's `time` shows it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run("--plain", "--no-cache", *arguments, "-o", "null:")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@test("decoders' time counts as the program's")
def _():
    if not shutil.which("lame"):
        skip("lame is not installed")
    tone("long.wav", 120, 440)
    subprocess.run(["lame", "--quiet", "-V2", "long.wav", "long.mp3"], check=True, stdin=subprocess.DEVNULL)
    names = playlist("long.m3u", *["long.mp3"] * 8)
    inside, outside = (min(processor_seconds(f"--sandbox={when}", names) for _ in range(2)) for when in ("on", "off"))
    assert inside > 0.6 * outside, f"{inside} s in the sandbox, {outside} s without"


@test("no process is left behind, and Ctrl-C at a terminal does not reach the helper")
def _():
    prepare()
    mix = subprocess.Popen([JUKEBOX, "--plain", "--no-cache", "one.wav", "-o", "-"], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, start_new_session=True)
    mix.stdout.read(1000)
    group, helpers = os.getpgid(mix.pid), children(mix.pid)
    assert helpers, "there is no helper"
    others = helpers + decoders_of(mix.pid)
    for pid in others:
        assert group_of(pid) != group, "it is in the group of the terminal"
    mix.communicate(timeout=LONGEST_SECONDS)
    equal(mix.returncode, 0)
    wait_for(lambda: not any(map(is_running, others)), "a process is left behind")


main()
