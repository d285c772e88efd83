"""Connections without requests end soon, and never keep others from being answered."""

import http.client
import logging
import resource
import socket
import time
from types import SimpleNamespace
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

pytest.importorskip("fastapi", reason="the extra serve is not installed")

from vits.server import connections, lifespan
from vits.server.connections import Connections, largest_number
from vits.server.limits import ServerLimits

HALF = b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nx: "
HEAD = "POST /v1/audio/speech HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json"


def header(body):
    return f"{HEAD}\r\ncontent-length: {len(body)}\r\n\r\n".encode()


def connect(address, data=b"", source="127.0.0.1"):
    url = urlsplit(address)
    connection = socket.create_connection(
        (url.hostname, url.port), timeout=5, source_address=(source, 0)
    )
    connection.sendall(data)
    return connection


def health(address, source="127.0.0.1"):
    url = urlsplit(address)
    connection = http.client.HTTPConnection(
        url.hostname, url.port, timeout=5, source_address=(source, 0)
    )
    connection.request("GET", "/healthz")
    status = connection.getresponse().status
    connection.close()
    return status


def is_closed(connection):
    """Return whether the server has closed a connection, within its timeout."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_a_header_must_arrive_in_time(serve):
    _, address = serve(header_timeout=0.3)
    whole = HALF + b"1\r\n\r\n"
    slow = [connect(address), connect(address, b"G"), connect(address, HALF)]
    second = connect(address, whole)
    assert second.recv(15).startswith(b"HTTP/1.1 200")
    second.sendall(HALF)  # half of another request on the same connection
    started = time.monotonic()
    while b"ok" not in second.recv(1000):
        pass
    assert all(map(is_closed, [*slow, second]))
    assert time.monotonic() - started < 2
    assert health(address) == 200
    for connection in (*slow, second):
        connection.close()


def test_a_request_in_progress_is_not_a_late_header(serve):
    _, address = serve(header_timeout=0.2, timeout=5.0)
    body = b'{"model": "tiny", "input": "Hi.", "response_format": "pcm"}'
    request = connect(address, header(body))
    for byte in (body[:5], body[5:9], body[9:]):
        time.sleep(0.2)
        request.sendall(byte)
    assert request.recv(15).startswith(b"HTTP/1.1 200")
    request.close()


def test_a_flood_closes_the_oldest_idle_connections(serve):
    server, address = serve(connections=8, connections_per_client=0)
    idle = [connect(address, HALF) for _ in range(30)]
    assert health(address) == 200
    assert all(is_closed(connection) for connection in idle[:20])
    assert server._connections.closed["too many"] >= 20
    for connection in idle:
        connection.close()


def test_one_address_cannot_take_all_connections(serve):
    server, address = serve(connections_per_client=5)
    idle = [connect(address, HALF, "127.0.0.2") for _ in range(9)]
    assert [is_closed(connection) for connection in idle[5:]] == [True] * 4
    assert health(address) == 200
    assert server._connections.closed["too many from one address"] == 4
    for connection in idle:
        connection.close()


def test_a_connection_with_a_request_is_never_closed_for_another():
    registry = Connections(ServerLimits(connections=2))

    def open_one(*, has_request):
        closed = []
        made = SimpleNamespace(
            has_request=has_request, transport=SimpleNamespace(abort=lambda: closed.append(1))
        )
        made = type("Made", (), {**vars(made), "closed": closed})()
        registry.add(made, "a")
        return made

    busy, idle = open_one(has_request=True), open_one(has_request=False)
    third = open_one(has_request=True)
    assert (busy.closed, idle.closed, third.closed) == ([], [1], [])
    fourth = open_one(has_request=True)
    assert fourth.closed == [1]


def test_the_number_follows_the_limit_of_open_files(monkeypatch):
    limits = {"soft": 100, "hard": 100}
    monkeypatch.setattr(connections, "_open_files", lambda: 10)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limits["soft"], limits["hard"]))
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: limits.update(soft=pair[0]))
    assert largest_number(1000) == 100 - 10 - 32
    limits["hard"] = 4096
    assert largest_number(1000) == 1000
    assert limits["soft"] == 1064


def test_garbage_leaves_no_line_in_the_log(serve, capfd, caplog):
    _, address = serve()
    for data in (b"garbage\r\n\r\n", b"\x16\x03\x01" * 50, HALF + b"\0\r\n\r\n"):
        connection = connect(address, data)
        assert connection.recv(12) in (b"HTTP/1.1 400", b"")
        connection.close()
    assert health(address) == 200
    assert capfd.readouterr() == ("", "")
    assert [record.getMessage() for record in caplog.records] == []


def test_a_client_that_leaves_in_its_body_is_no_bug(serve, caplog, until):
    _, address = serve()
    with caplog.at_level(logging.WARNING):
        with connect(address, header(b"x" * 9) + b"x") as connection:
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(5)
            connection.recv(100)
        until(lambda: 'status="499"' in urlopen(f"{address}/metrics").read().decode())
    assert [record.getMessage() for record in caplog.records] == []


def test_slow_readers_do_not_delay_the_end_or_leave_a_traceback(serve, caplog, monkeypatch):
    last = 0.5
    monkeypatch.setattr(lifespan, "_LAST_BYTES", last)
    server, address = serve(grace=0.2)
    text = "This is a sentence. " * 60
    body = (
        f'{{"model": "tiny", "input": "{text}", "response_format": "wav", "stream": true, '
        '"sentence_silence": 10}'
    ).encode()
    readers = []
    for _ in range(3):
        readers.append(connect(address, header(body) + body))
        assert readers[-1].recv(15).startswith(b"HTTP/1.1 200")  # and no more
    time.sleep(0.3)
    with caplog.at_level(logging.WARNING):
        started = time.monotonic()
        server.handle_exit(15, None)
        server.thread.join(15)
    assert not server.thread.is_alive()
    assert time.monotonic() - started < 0.2 + 2 * last + 2
    assert [record.getMessage() for record in caplog.records] == []
    for reader in readers:
        reader.close()


def test_many_cancelled_requests_do_not_delay_the_end(serve, caplog):
    server, address = serve(grace=5.0)
    text = "This is a sentence. " * 100
    body = f'{{"model": "tiny", "input": "{text}", "response_format": "pcm"}}'.encode()
    for _ in range(100):
        connect(address, header(body) + body).close()
    started = time.monotonic()
    server.handle_exit(15, None)
    server.thread.join(15)
    assert not server.thread.is_alive()
    assert time.monotonic() - started < 5
    assert [record.getMessage() for record in caplog.records] == []
