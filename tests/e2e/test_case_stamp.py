"""Time-stamps by a real authority on this machine: ``openssl ts`` behind HTTP."""

import base64
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytest.importorskip("rfc3161_client")

from overflight.case.case_file import Case
from overflight.case.timestamp import read_roots, stamp
from overflight.case.verify import verify
from overflight.errors import InvalidInput, Unavailable

CONFIG = """
[tsa]
default_tsa = own
[own]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
"""


def openssl(*arguments, folder, **more):
    return subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, **more).stdout


def authority(folder):
    """Make an authority: a root, and a certificate for stamps by it."""
    folder.mkdir()
    (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")
    new = ("req", "-new", "-newkey", "rsa:2048", "-nodes")
    openssl(*new, "-x509", "-subj", "/CN=root", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", folder=folder)
    openssl(*new, "-subj", "/O=overflight tests/CN=stamps", "-keyout", "tsa.key", "-out", "tsa.csr", folder=folder)
    openssl("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "2", "-days", "2",
            "-extfile", "tsa.cnf", "-extensions", "leaf", "-out", "tsa.pem", folder=folder)  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def tsa(tmp_path_factory):
    """Give the URL of a stamp server, and its root."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl not at hand: apt-get install openssl")
    base = tmp_path_factory.mktemp("tsa")
    folder = authority(base / "own")

    class Stamps(BaseHTTPRequestHandler):
        def do_POST(self):
            request = self.rfile.read(int(self.headers["Content-Length"]))
            answer = b"no stamp"
            if self.path == "/stamp":
                (folder / "query").write_bytes(request)
                answer = openssl("ts", "-reply", "-config", "tsa.cnf", "-section", "own", "-queryfile", "query",
                                 "-signer", "tsa.pem", "-inkey", "tsa.key", folder=folder)  # fmt: skip
            self.send_response(503 if self.path == "/busy" else 200)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Stamps)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", folder / "ca.pem", authority(base / "other") / "ca.pem"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_stamp_holds_under_its_root_and_no_other(tsa, tmp_path):
    url, root, other = tsa
    with Case.create(tmp_path / "case", title="test") as case:
        case.append("statement", {"words": "It was drifting."})
        record = stamp(case, f"{url}/stamp")
    assert record.body["head"]["size"] == 2
    found = verify(tmp_path / "case", read_roots(root))
    assert found.problems == ()
    assert f"the first 2 records were there at {record.body['time']}, by an authority that is trusted" in found.notes
    assert "not checked against a root: give --tsa FILE" in str(verify(tmp_path / "case"))
    assert "record 3: the time-stamp does not hold" in str(verify(tmp_path / "case", read_roots(other)))


def test_a_stamp_of_something_else_is_told(tsa, tmp_path):
    url, root, _ = tsa
    with Case.create(tmp_path / "case", title="test") as case:
        body = stamp(case, f"{url}/stamp").body
        later = case.head()
        head = {name: getattr(later, name) for name in ("log", "size", "root", "hash")}
        case.append("stamp", {**body, "head": head})
        case.append("stamp", {**body, "time": "2020-01-01T00:00:00Z"})
        case.append("stamp", {**body, "response": base64.b64encode(b"no stamp").decode()})
        case.append("stamp", {**body, "head": {**body["head"], "root": "ab" * 32}})
        case.append("stamp", {})
    problems = verify(tmp_path / "case", read_roots(root)).problems
    assert [problem.split(": ", 1)[0] for problem in problems] == [f"record {n}" for n in range(3, 8)]
    assert "of something else" in problems[0]
    assert "the record says 2020" in problems[1]
    assert "cannot be read" in problems[2]
    assert "is not that of this log" in problems[3]


def test_an_authority_that_gives_no_stamp_is_told_in_one_line(tsa, tmp_path):
    url, root, _ = tsa
    with Case.create(tmp_path / "case", title="test") as case:
        with pytest.raises(Unavailable, match="503"):
            stamp(case, f"{url}/busy")
        with pytest.raises(Unavailable, match="stamp: http://127"):
            stamp(case, "http://127.0.0.1:9/")
        with pytest.raises(InvalidInput, match="a granted time-stamp"):
            stamp(case, f"{url}/other")
        assert len(case.records()) == 1
    with pytest.raises(InvalidInput, match="--tsa"):
        read_roots(root.with_name("tsa.cnf"))
