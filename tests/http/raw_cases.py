"""Raw requests and what must come of them: the table of HTTP abuse.

Each case is (name, bytes, statuses, what follows). In the bytes, {get} and {post} stand for
a path that answers GET with 200 and one that takes POST with a body; {ok} for the fields
every request needs. The statuses are those of the answers in order; OK is 200 for GET and
anything but a complaint about HTTP for POST (a daemon may ask for a token). After the
bytes a good request is sent: OPEN says that it must be answered, CLOSED that the
connection must be closed before.
"""

OPEN, CLOSED = "open", "closed"
OK = "ok"
GET = b"GET {get} HTTP/1.1\r\n"
POST = b"POST {post} HTTP/1.1\r\n"
HOST = b"Host: test\r\n"
CHUNKED = POST + HOST + b"Transfer-Encoding: chunked\r\n\r\n"


def big(n):
    return b"x" * n


CASES = [
    # --- the request line
    ("plain get", GET + HOST + b"\r\n", [OK], OPEN),
    ("empty line before", b"\r\n" + GET + HOST + b"\r\n", [OK], OPEN),
    ("two empty lines before", b"\r\n\r\n" + GET + HOST + b"\r\n", [400], CLOSED),
    ("two requests", (GET + HOST + b"\r\n") * 2, [OK, OK], OPEN),
    ("fifty requests", (GET + HOST + b"\r\n") * 50, [OK] * 50, OPEN),
    ("absolute form", b"GET http://test{get} HTTP/1.1\r\n" + HOST + b"\r\n", [OK], OPEN),
    ("absolute form, other host",
     b"GET http://other{get} HTTP/1.1\r\n" + HOST + b"\r\n", [OK], OPEN),
    ("authority form", b"CONNECT test:80 HTTP/1.1\r\n" + HOST + b"\r\n", [501], CLOSED),
    ("asterisk", b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", [204], OPEN),
    ("asterisk for get", b"GET * HTTP/1.1\r\n" + HOST + b"\r\n", [400], CLOSED),
    ("no slash", b"GET x HTTP/1.1\r\n" + HOST + b"\r\n", [400], CLOSED),
    ("ftp", b"GET ftp://test/ HTTP/1.1\r\n" + HOST + b"\r\n", [400], CLOSED),
    ("http/0.9", b"GET {get}\r\n", [400], CLOSED),
    ("http/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [505], CLOSED),
    ("lower-case version", b"GET {get} http/1.1\r\n" + HOST + b"\r\n", [400], CLOSED),
    ("two spaces", b"GET  {get} HTTP/1.1\r\n" + HOST + b"\r\n", [400], CLOSED),
    ("space at the end", b"GET {get} HTTP/1.1 \r\n" + HOST + b"\r\n", [400], CLOSED),
    ("tab", b"GET\t{get} HTTP/1.1\r\n" + HOST + b"\r\n", [400], CLOSED),
    ("space in target", b"GET {get} x HTTP/1.1\r\n" + HOST + b"\r\n", [400], CLOSED),
    ("bare lf", b"GET {get} HTTP/1.1\nHost: test\n\n", [400], CLOSED),
    ("bare cr", b"GET {get} HTTP/1.1\rHost: test\r\r", [400], CLOSED),
    ("fragment", b"GET {get}#x HTTP/1.1\r\n" + HOST + b"\r\n", [400], CLOSED),
    ("byte over 0x7f", b"GET /\xc3\xa4 HTTP/1.1\r\n" + HOST + b"\r\n", [400], CLOSED),
    ("nul in target", b"GET /\0 HTTP/1.1\r\n" + HOST + b"\r\n", [400], CLOSED),
    ("bad escape", b"GET /%zz HTTP/1.1\r\n" + HOST + b"\r\n", [400], CLOSED),
    ("half an escape", b"GET /%2 HTTP/1.1\r\n" + HOST + b"\r\n", [400], CLOSED),
    ("escaped nul", b"GET /%00 HTTP/1.1\r\n" + HOST + b"\r\n", [400], CLOSED),
    ("escaped slash", b"GET /a%2Fb HTTP/1.1\r\n" + HOST + b"\r\n", [400], CLOSED),
    ("bad escape in query", b"GET {get}?%q HTTP/1.1\r\n" + HOST + b"\r\n", [400], CLOSED),
    ("unknown path", b"GET /no/such HTTP/1.1\r\n" + HOST + b"\r\n", [404], OPEN),
    ("unknown method", b"BREW {get} HTTP/1.1\r\n" + HOST + b"\r\n", [405], OPEN),
    ("lower-case method", b"get {get} HTTP/1.1\r\n" + HOST + b"\r\n", [405], OPEN),
    ("no method", b" {get} HTTP/1.1\r\n" + HOST + b"\r\n", [400], CLOSED),
    ("long method", b"M" * 17 + b" / HTTP/1.1\r\n" + HOST + b"\r\n", [501], CLOSED),
    ("tls", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", [400], CLOSED),

    # --- fields
    ("no host", GET + b"\r\n", [400], CLOSED),
    ("two tokens", GET + HOST + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n",
     [400], CLOSED),
    ("empty host", GET + b"Host:\r\n\r\n", [OK], OPEN),
    ("two hosts", GET + HOST + HOST + b"\r\n", [400], CLOSED),
    ("host with a path", GET + b"Host: a/b\r\n\r\n", [400], CLOSED),
    ("host with a space", GET + b"Host: a b\r\n\r\n", [400], CLOSED),
    ("space before colon", GET + b"Host : test\r\n\r\n", [400], CLOSED),
    ("no colon", GET + HOST + b"X\r\n\r\n", [400], CLOSED),
    ("no name", GET + HOST + b": x\r\n\r\n", [400], CLOSED),
    ("space in name", GET + HOST + b"X Y: z\r\n\r\n", [400], CLOSED),
    ("folded", GET + HOST + b"X: y\r\n z\r\n\r\n", [400], CLOSED),
    ("folded with a tab", GET + HOST + b"X: y\r\n\tz\r\n\r\n", [400], CLOSED),
    ("space before first field", GET + b" " + HOST + b"\r\n", [400], CLOSED),
    ("lf in fields", GET + HOST + b"X: y\nY: z\r\n\r\n", [400], CLOSED),
    ("cr in a value", GET + HOST + b"X: y\rz\r\n\r\n", [400], CLOSED),
    ("nul in a value", GET + HOST + b"X: y\0z\r\n\r\n", [400], CLOSED),
    ("control in a value", GET + HOST + b"X: y\x07\r\n\r\n", [400], CLOSED),
    ("tab and utf-8 in a value", GET + HOST + b"X: a\tb\xc3\xa4\r\n\r\n", [OK], OPEN),
    ("lf ends the head", GET + HOST + b"\n", [400], CLOSED),
    ("close", GET + HOST + b"Connection: close\r\n\r\n", [OK], CLOSED),
    ("close in a list", GET + HOST + b"Connection: x, Close\r\n\r\n", [OK], CLOSED),

    # --- HTTP/1.0
    ("1.0", b"GET {get} HTTP/1.0\r\n\r\n", [OK], CLOSED),
    ("1.0 kept alive", b"GET {get} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
     [OK], OPEN),
    ("1.0 chunked", b"POST {post} HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     [400], CLOSED),

    # --- the length of a body
    ("body", POST + HOST + b"Content-Length: 5\r\n\r\nhello", [OK], OPEN),
    ("two bodies", (POST + HOST + b"Content-Length: 5\r\n\r\nhello") * 2, [OK, OK], OPEN),
    ("zero", POST + HOST + b"Content-Length: 0\r\n\r\n", [OK], OPEN),
    ("leading zeros", POST + HOST + b"Content-Length: 0005\r\n\r\nhello", [OK], OPEN),
    ("no length", POST + HOST + b"\r\n", [OK], OPEN),
    ("two lengths", POST + HOST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
     [400], CLOSED),
    ("two different lengths",
     POST + HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", [400], CLOSED),
    ("list of lengths", POST + HOST + b"Content-Length: 5, 5\r\n\r\nhello", [400], CLOSED),
    ("plus", POST + HOST + b"Content-Length: +5\r\n\r\nhello", [400], CLOSED),
    ("minus", POST + HOST + b"Content-Length: -5\r\n\r\nhello", [400], CLOSED),
    ("hex length", POST + HOST + b"Content-Length: 0x5\r\n\r\nhello", [400], CLOSED),
    ("length with a letter", POST + HOST + b"Content-Length: 5a\r\n\r\nhello",
     [400], CLOSED),
    ("empty length", POST + HOST + b"Content-Length:\r\n\r\n", [400], CLOSED),
    ("length and chunked",
     POST + HOST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     [400], CLOSED),
    ("chunked and length",
     POST + HOST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
     [400], CLOSED),
    ("get hides a request", GET + HOST + b"Content-Length: 29\r\n\r\n" +
     b"GET /no/such HTTP/1.1\r\nX: y\r\n", [413], OPEN),

    # --- transfer codings
    ("gzip, chunked", POST + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
     [400], CLOSED),
    ("identity", POST + HOST + b"Transfer-Encoding: identity\r\n\r\n", [400], CLOSED),
    ("chunked twice", POST + HOST + b"Transfer-Encoding: chunked\r\n"
     b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [400], CLOSED),
    ("chunked, chunked", POST + HOST + b"Transfer-Encoding: chunked, chunked\r\n\r\n",
     [400], CLOSED),
    ("xchunked", POST + HOST + b"Transfer-Encoding: xchunked\r\n\r\n", [400], CLOSED),
    ("vertical tab chunked", POST + HOST + b"Transfer-Encoding: \x0bchunked\r\n\r\n",
     [400], CLOSED),
    ("quoted chunked", POST + HOST + b'Transfer-Encoding: "chunked"\r\n\r\n',
     [400], CLOSED),
    ("space before the colon of a coding",
     POST + HOST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", [400], CLOSED),

    # --- limits
    ("target at the limit", b"GET {get}?" + big(2000) + b" HTTP/1.1\r\n" + HOST + b"\r\n",
     [OK], OPEN),
    ("target over the limit", b"GET /" + big(2048) + b" HTTP/1.1\r\n", [414], CLOSED),
    ("target without end", b"GET /" + big(9000), [414], CLOSED),
    ("100 fields", GET + HOST + b"A: b\r\n" * 99 + b"\r\n", [OK], OPEN),
    ("101 fields", GET + HOST + b"A: b\r\n" * 100 + b"\r\n", [431], CLOSED),
    ("large head", GET + HOST + b"A: " + big(7900) + b"\r\n\r\n", [OK], OPEN),
    ("too large a head", GET + HOST + b"A: " + big(8192) + b"\r\n\r\n", [431], CLOSED),
    ("field without end", GET + HOST + b"A: " + big(20000), [431], CLOSED),
    ("huge length", POST + HOST + b"Content-Length: 99999999999\r\n\r\n", [413, 401], CLOSED),
    ("length beyond 64 bits",
     POST + HOST + b"Content-Length: 99999999999999999999999999\r\n\r\n", [413, 401],
     CLOSED),
    ("expect something", POST + HOST + b"Expect: x\r\nContent-Length: 1\r\n\r\na",
     [417], CLOSED),
]

# Bodies in chunks: they only work where the body is read, so where no token is asked for.
CHUNKED_CASES = [
    ("chunks", CHUNKED + b"5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\n", [OK], OPEN),
    ("trailers", CHUNKED + b"1\r\nx\r\n0\r\nX: y\r\n\r\n", [OK], OPEN),
    ("no size", CHUNKED + b"\r\n", [400], CLOSED),
    ("size with a sign", CHUNKED + b"+5\r\nhello\r\n0\r\n\r\n", [400], CLOSED),
    ("size in c", CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n", [400], CLOSED),
    ("space after the size", CHUNKED + b"5 \r\nhello\r\n0\r\n\r\n", [400], CLOSED),
    ("17 digits", CHUNKED + b"00000000000000005\r\nhello\r\n", [400], CLOSED),
    ("size over 64 bits", CHUNKED + b"fffffffffffffffff\r\n", [400], CLOSED),
    ("lf after the size", CHUNKED + b"5\nhello\r\n0\r\n\r\n", [400], CLOSED),
    ("lf after the data", CHUNKED + b"5\r\nhello\n0\r\n\r\n", [400], CLOSED),
    ("data longer than said", CHUNKED + b"4\r\nhello\r\n0\r\n\r\n", [400], CLOSED),
    ("lf in an extension", CHUNKED + b"5;a\nb\r\nhello\r\n0\r\n\r\n", [400], CLOSED),
    ("bad trailer", CHUNKED + b"0\r\nX y\r\n\r\n", [400], CLOSED),
    ("lf ends the trailers", CHUNKED + b"0\r\n\n", [400], CLOSED),
    ("endless extension", CHUNKED + b"5;" + big(9000), [431], CLOSED),
    ("bad gzip", POST + HOST + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
     [400], OPEN),
    ("unknown coding", POST + HOST + b"Content-Encoding: br\r\nContent-Length: 5\r\n\r\nhello",
     [415], OPEN),
    ("two codings", POST + HOST + b"Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n"
     b"Content-Length: 5\r\n\r\nhello", [415], CLOSED),
    ("identity coding",
     POST + HOST + b"Content-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello",
     [OK], OPEN),
]
