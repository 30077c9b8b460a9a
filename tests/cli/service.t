#!/usr/bin/python3
"""As a service: what systemd is told and when, and that the unit's confinement leaves the program what it needs."""
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa
from radio import *  # noqa

WATCHDOG_S = 2.0


class Manager:
    """The socket of a service manager, and what it was told: (seconds, text)."""

    def __init__(self, name="notify.sock"):
        self.path = os.path.abspath(name)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.told = []
        self.env = {"NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": str(int(WATCHDOG_S * 1e6))}

    def listen(self):
        while True:
            try:
                self.told.append((time.monotonic(), self.socket.recv(4096).decode()))
            except BlockingIOError:
                return [text for _, text in self.told]

    def count(self, text):
        return self.listen().count(text)


def make_list():
    for i in range(3):
        tone(f"t{i}.wav", 20, 300 + 50 * i)
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", "t0.wav", "-metadata", "artist=A\nREADY=1", "-metadata", "title=T\x1b[2J", "t0.flac"], check=True)
    with open("list.m3u", "w") as f:
        f.write("t0.flac\nt1.wav\nt2.wav\n")


@test("ready with the first sound, what is on with its title escaped, alive as long as sound goes out, stopping at the end")
def _():
    make_list()
    manager = Manager()
    with Programme("--loop", "list.m3u", "--on-track=env", env=manager.env) as p:
        wait_for(lambda: manager.count("READY=1"), "never ready")
        wait_for(lambda: p.read(0.1) is not None and any(text.startswith("STATUS=A") for text in manager.listen()), "no status")
        status = [text for text in manager.listen() if text.startswith("STATUS=A")][0]
        assert "\n" not in status and "\x1b" not in status and "T\\x1b[2J" in status, status
        end = time.monotonic() + 2.2 * WATCHDOG_S
        while time.monotonic() < end:  # at its own pace
            p.read(0.1)
            time.sleep(0.01)
        manager.listen()
        pings = [at for at, text in manager.told if text == "WATCHDOG=1"]
        assert 3 <= len(pings) <= 7, manager.told
        # Nobody takes the sound: the mix stands still, and so do the pings.
        wait_for(lambda: stands_still(manager), "it says that it is alive, and is not")
        before = manager.count("WATCHDOG=1")
        p.read(5)
        wait_for(lambda: p.read(0.1) is not None and manager.count("WATCHDOG=1") > before, "it is alive again, and does not say so")
        p.signal(signal.SIGHUP)
        wait_for(lambda: p.read(0.1) is not None and [x for x in manager.listen() if x.startswith("RELOADING=1\nMONOTONIC_USEC=")], "no reload")
        wait_for(lambda: p.read(0.1) is not None and manager.count("READY=1") == 2, "reloading for ever")
        p.signal(signal.SIGTERM)
        equal(p.end(), 0, p.said())
        equal(manager.count("STOPPING=1"), 1)
        assert "NOTIFY_SOCKET" not in p.said() and "JUKEBOX_TITLE" in p.said(), p.said()


def stands_still(manager):
    before = manager.count("WATCHDOG=1")
    time.sleep(1.5 * WATCHDOG_S)
    return manager.count("WATCHDOG=1") == before


@test("a programme that is held is alive; the watchdog of another process is not answered")
def _():
    manager = Manager("held.sock")
    with Programme("--loop", "list.m3u", env=manager.env) as p:
        wait_for(lambda: manager.count("READY=1"), "never ready")
        p.ctl("pause")
        threading.Thread(target=p.process.stdout.read, daemon=True).start()
        wait_for(lambda: manager.count("STATUS=paused"), "not held")
        before = manager.count("WATCHDOG=1")
        wait_for(lambda: manager.count("WATCHDOG=1") > before + 1, "no sign of life")
    other = Manager("other.sock")
    with Programme("--loop", "list.m3u", env=dict(other.env, WATCHDOG_PID="1")) as p:
        wait_for(lambda: other.count("READY=1"), "never ready")
        p.read(5)
        time.sleep(WATCHDOG_S)
        equal(other.count("WATCHDOG=1"), 0)
    ran = run("list.m3u", "-o", "null:", env={"NOTIFY_SOCKET": os.path.abspath("gone.sock")}, status=1)
    assert "NOTIFY_SOCKET" in ran.err, ran


def unit(name):
    with open(os.path.join(TOP, "packaging/systemd", name + ".in")) as f:
        text = f.read()
    with open(name, "w") as f:
        f.write(text.replace("@BINDIR@", os.path.dirname(JUKEBOX)))
    return name


@test("systemd understands the unit, and finds little exposed")
def _():
    if not shutil.which("systemd-analyze"):
        skip("needs systemd-analyze")
    name = unit("jukebox.service")
    said = subprocess.run(["systemd-analyze", "verify", "--man=no", os.path.abspath(name)], capture_output=True, text=True)
    equal((said.returncode, said.stderr.strip()), (0, ""))
    subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=25", os.path.abspath(name)], check=True, stdout=subprocess.DEVNULL)


def calls_of(group):
    calls = set()
    said = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True).stdout
    for word in (line.split("#")[0].strip() for line in said.splitlines()[1:]):
        if word:
            calls |= calls_of(word) if word.startswith("@") else {word}
    return calls


def allowed_calls():
    """As the lines of the unit add and take away."""
    calls = set()
    with open(unit("jukebox.service")) as f:
        for line in f:
            if line.startswith("SystemCallFilter="):
                value = line.split("=", 1)[1].strip()
                for word in value.lstrip("~").split():
                    some = calls_of(word) if word.startswith("@") else {word}
                    calls = calls - some if value.startswith("~") else calls | some
    return calls | calls_of("@default")


@test("no call to the system that the unit forbids: streams, commands, a reload, files of many kinds")
def _():
    if not shutil.which("systemd-analyze") or not shutil.which("strace"):
        skip("needs systemd-analyze and strace")
    if "sanitizer" in JUKEBOX or re.search(r"build-(address|thread|undefined)", JUKEBOX):
        skip("sanitizers make calls of their own")
    for kind in ("mp3", "ogg", "opus", "m4a"):
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", "t1.wav", "-t", "2", "-ar", "48000", f"s.{kind}"], check=True)
    with open("many.m3u", "w") as f:
        f.write("s.mp3\ns.ogg\ns.opus\ns.m4a\n")
    http = ["-o", "httpd://127.0.0.1:0/x.ogg"] if b"httpd" in run("--version").out else []
    process = subprocess.Popen(["strace", "-f", "-qq", "-o", "calls", "-e", "signal=none", JUKEBOX, "many.m3u", "--state=s", "--now-playing=n.json", "--log=l",
                                "--control=c.sock", "--on-track=true", "--watch", "--loop=2", *http], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    wait_for(lambda: os.path.exists("s") or process.poll() is not None, "nothing began")
    run("ctl", "--socket=c.sock", "reload", status=None)
    process.communicate(timeout=LONGEST_SECONDS)
    with open("calls", errors="replace") as f:
        calls = set(re.findall(r"^\d+ +(\w+)\(", f.read(), re.M))
    assert len(calls) > 30 and "seccomp" in calls | {"seccomp"}, calls
    forbidden = calls - allowed_calls()
    equal(forbidden, set(), "calls that the unit forbids")


main()
