def environment(name):
    value = os.environ.get(name)
    if not value:
        pytest.fail(f"the environment variable {name} is not set")
    return value


def printable(text):
    """Returns the text as printable ASCII without what a CI runner takes for a command."""
    return ascii(text)[1:-1].replace("##", "#?")


def changed_key(key, old, new):
    def characters(ranges):
        out = ""
        while ranges:
            end = ranges[2] if ranges[1:2] == "-" else ranges[0]
            out += "".join(map(chr, range(ord(ranges[0]), ord(end) + 1)))
            ranges = ranges[3:] if ranges[1:2] == "-" else ranges[1:]
        return out

    return key[:-1] + dict(zip(characters(old), characters(new)))[key[-1]]


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def document(self):
        try:
            return json.loads(self.body)
        except ValueError:
            pytest.fail(f"the response is not JSON: {self}")

    def __str__(self):
        return f"{self.status} {printable(self.body[:500].decode(errors='replace'))}"


class Case:
    """The state of one case: where error codes are, captured values, and created fixtures."""

    def __init__(self, aws=False, place=None):
        self.aws, self.place = aws, place
        self.captured, self.fixtures = {}, set()

    def send(self, method, target, headers, body=b"", exact=False, sign_for=None, **damage):
        """Sends exactly these bytes; only host, content length and signature are added."""
        base = urllib.parse.urlsplit(ENDPOINT)
        secure = base.scheme == "https"
        target = target if exact else base.path.rstrip("/") + target
        headers = list(headers)
        if sign_for:
            headers = sign(method, target, headers, body, base.netloc, *sign_for, **damage)
        known = {name.lower() for name, _ in headers}
        lines = [f"{method} {target} HTTP/1.1"]
        if "host" not in known:
            lines.append(f"host: {base.netloc}")
        lines += [f"{name}: {value}" for name, value in headers]
        if (body or method in ("POST", "PUT", "PATCH")) and not known & {"content-length", "transfer-encoding"}:
            lines.append(f"content-length: {len(body)}")
        if "connection" not in known:
            lines.append("connection: close")
        message = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        for pause in (0.2, 0.5, 1, 2, None):
            try:
                address = (base.hostname, base.port or (443 if secure else 80))
                with socket.create_connection(address, timeout=TIMEOUT) as connection:
                    if secure:
                        connection = ssl.create_default_context().wrap_socket(connection, server_hostname=base.hostname)
                    try:
                        connection.sendall(message)
                    except ConnectionError:
                        pass  # A server may respond before it has read the whole request.
                    received = http.client.HTTPResponse(connection, method=method)
                    received.begin()
                    response = Response(received.status, received.getheaders(), received.read())
            except (OSError, http.client.HTTPException) as error:
                pytest.fail(f"no response to {method} {printable(target[:200])}: {printable(repr(error))}")
            if response.status != 429 or pause is None:
                return response
            time.sleep(pause)

    def send_concurrently(self, *sends):
        with concurrent.futures.ThreadPoolExecutor(len(sends)) as threads:
            return [future.result() for future in [threads.submit(send) for send in sends]]

    def set_up(self, response, accepts=(), fixture=None):
        if not (response.status in accepts if accepts else is_success(response.status, None)):
            pytest.fail(f"setup failed: {response}")
        self.fixtures.add(fixture)

    def created(self, fixture):
        return fixture in self.fixtures

    def capture(self, response, name, path, accepts=()):
        if response.status in accepts if accepts else is_success(response.status, None):
            self.captured[name] = value_at(response.document(), path)

    def raw(self, name):
        value = self.captured[name]
        return value if isinstance(value, str) else json.dumps(value)

    def url(self, name):
        return urllib.parse.quote(self.raw(name), safe="")

    def json(self, name):
        return json.dumps(self.captured[name], ensure_ascii=False)

    def text(self, name):
        return json.dumps(self.raw(name), ensure_ascii=False)[1:-1]

    def code(self, response):
        return error_code(response.status, response.headers, response.body, self.aws, self.place)

    def accepted(self, response, status=None, errors=()):
        code = self.code(response)
        if is_one_of(response.status, code, errors):
            return
        assert is_success(response.status, status), f"valid request: expected {status or '2xx'}, received {response}"
        assert code is None, f"error code in a successful response: {response}"

    def rejected(self, response, errors):
        code = self.code(response)
        assert is_one_of(response.status, code, errors), f"expected one of {printable(str(errors))}, received {printable(str(code))} in {response}"

    def survived(self, response):
        assert response.status < 500, f"the server failed: {response}"
