"""Servers and listeners, for tests of what goes over a network (loopback, ports of the kernel's choice)."""
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import threading
import urllib.request

import numpy

from cli import JUKEBOX, LONGEST_SECONDS, equal, near, wait_for

PASSWORD = "very-secret-9641"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def die_with_us():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def get(url, headers=None, method="GET"):
    """(status, headers, body) of a whole answer."""
    request = urllib.request.Request(url, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=LONGEST_SECONDS) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.headers, answer.read()


class Icecast:
    """A real server.  As root it changes to another user by itself, since it refuses root."""

    def __init__(self, certificate=None, relay_of=None):
        self.port, self.tls_port = free_port(), free_port()
        owner = "<changeowner><user>nobody</user><group>nogroup</group></changeowner>" if os.geteuid() == 0 else ""
        tls = (f"<listen-socket><port>{self.tls_port}</port><bind-address>127.0.0.1</bind-address><ssl>1</ssl></listen-socket>"
               if certificate else "")
        path = f"<ssl-certificate>{certificate}</ssl-certificate>" if certificate else ""
        relay = (f"<relay><server>127.0.0.1</server><port>{relay_of}</port><mount>/x.ogg</mount><local-mount>/x.ogg</local-mount>"
                 "<on-demand>0</on-demand></relay><master-update-interval>2</master-update-interval>" if relay_of else "")
        self.configuration = os.path.abspath(f"icecast-{self.port}.xml")
        with open(self.configuration, "w", encoding="utf-8") as f:
            f.write(f"""<icecast><limits><clients>50</clients><sources>8</sources><source-timeout>5</source-timeout></limits>
<authentication><source-password>{PASSWORD}</source-password><relay-password>x</relay-password>
<admin-user>admin</admin-user><admin-password>{PASSWORD}</admin-password></authentication><hostname>localhost</hostname>
<listen-socket><port>{self.port}</port><bind-address>127.0.0.1</bind-address></listen-socket>{tls}{relay}
<paths><logdir>/tmp</logdir><webroot>/usr/share/icecast2/web</webroot><adminroot>/usr/share/icecast2/admin</adminroot>{path}</paths>
<logging><accesslog>-</accesslog><errorlog>-</errorlog><loglevel>3</loglevel></logging>
<security><chroot>0</chroot>{owner}</security></icecast>
""")
        self.process = None
        self.start()

    def start(self):
        self.log = open(self.configuration + ".log", "ab")
        for _ in range(5):  # icecast 2.4.4 dies now and then while it starts
            self.launch()
            try:
                return wait_for(self.answers, "icecast does not answer")
            except AssertionError:
                self.process.kill()
                self.process.wait()
        raise AssertionError(self.said())

    def said(self):
        with open(self.configuration + ".log", encoding="utf-8") as f:
            return f.read()

    def launch(self):
        self.process = subprocess.Popen(["icecast2", "-c", self.configuration], stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=subprocess.STDOUT, preexec_fn=die_with_us)

    def answers(self):
        assert self.process.poll() is None, self.said()
        try:
            # Twice: who asks while icecast 2.4.4 starts may be the death of it, though it answers.
            return all(get(self.url("/status-json.xsl"))[0] == 200 for _ in range(2)) and self.process.poll() is None
        except OSError:
            return False

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def has(self, mount):
        return mount.encode() in get(self.url("/status-json.xsl"))[2]

    def wait_for(self, mount):
        wait_for(lambda: self.has(mount), f"{mount} did not appear")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


class Player:
    """A running jukebox, whose messages are gathered on the way."""

    def __init__(self, *arguments, env=None):
        self.process = subprocess.Popen([JUKEBOX, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True, preexec_fn=die_with_us,
                                        env=dict(os.environ, JUKEBOX_ICECAST_PASSWORD=PASSWORD, **(env or {})))
        self.lines = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))

    def said(self):
        return "\n".join(self.lines)

    def wait_for_line(self, words, times=1):
        def seen():
            found = [line for line in list(self.lines) if words in line]
            assert len(found) >= times or self.process.poll() is None, f"{words!r} was not said:\n{self.said()}"
            return found if len(found) >= times else None
        return wait_for(seen, f"{words!r} was not said:\n{self.said()}")[times - 1]

    def end(self, number=None):
        """Its exit status, after a signal or by itself."""
        if number:
            self.process.send_signal(number)
        status = self.process.wait(timeout=LONGEST_SECONDS)
        self.reader.join()
        self.process.stderr.close()
        return status


class Listener:
    """curl, recording to a file until the stream ends."""

    def __init__(self, url, path, *options):
        self.path = path
        self.process = subprocess.Popen(["curl", "-s", "-S", "-N", *options, "-o", path, url], stdin=subprocess.DEVNULL,
                                        preexec_fn=die_with_us)

    def bytes(self):
        return os.path.getsize(self.path) if os.path.exists(self.path) else 0

    def end(self):
        self.process.wait(timeout=LONGEST_SECONDS)
        return self.path

    def stop(self):
        self.process.terminate()
        self.process.wait()
        return self.path


def decode(path, rate=44100):
    """Mono samples, by ffmpeg."""
    said = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", path, "-ac", "1", "-ar", str(rate), "-f", "f32le", "-"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout
    return numpy.frombuffer(said, "<f4")


def tones_of(samples, rate=44100, hop=0.05):
    """The tones heard one after the other: [(Hz, seconds)], 0 Hz is silence."""
    n = round(hop * rate)
    heard = []
    for at in range(0, len(samples) - n + 1, n):
        block = samples[at:at + n]
        level = float(numpy.sqrt(numpy.mean(block ** 2)))
        spectrum = numpy.abs(numpy.fft.rfft(block * numpy.hanning(n), 4 * n))
        hz = 0 if level < 0.003 else int(round(numpy.argmax(spectrum) * rate / (4 * n) / 50) * 50)
        if heard and heard[-1][0] == hz:
            heard[-1][1] += hop
        else:
            heard.append([hz, hop])
    return heard


def longest_silence(samples, rate=44100, level=0.003):
    """Seconds; not counting the ends."""
    loud = numpy.flatnonzero(numpy.abs(samples) > level)
    return float(numpy.max(numpy.diff(loud), initial=0)) / rate if len(loud) else len(samples) / rate


def continuous(path, order, seconds=4):
    """These tones one after the other, each but the first and the last so long, and no hole in them."""
    samples = decode(path)
    assert longest_silence(samples) < 0.3, f"{path}: {longest_silence(samples)} s of silence"
    heard = [(hz, length) for hz, length in tones_of(samples) if length >= 0.5]
    equal([hz for hz, _ in heard], order, path)
    for hz, length in heard[1:-1]:
        near(length, seconds, 0.3, f"{path}: {hz} Hz")


def icy_parts(data, interval, encoding="utf-8"):
    """(sound, [(offset in the sound, title)]) of an MP3 stream with metadata."""
    sound, titles, at = b"", [], 0
    while at + interval < len(data):
        sound += data[at:at + interval]
        at += interval
        n = data[at] * 16
        text = data[at + 1:at + 1 + n].rstrip(b"\0").decode(encoding)
        if text:
            titles.append((len(sound), text.split("StreamTitle='", 1)[1].split("';", 1)[0]))
        at += 1 + n
    return sound, titles


def ogg_titles(path):
    """The titles of the logical streams, in order, by ogginfo."""
    said = subprocess.run(["ogginfo", path], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL).stdout.decode()
    return [line.split("=", 1)[1] for line in said.splitlines() if line.strip().lower().startswith("title=")], said


def have(program):
    return shutil.which(program) is not None
