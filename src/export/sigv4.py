def sign(method, target, headers, body, host, region, service, key_id=None, damage=None, part=None):
    """Signs a request with AWS Signature Version 4, optionally damaged on purpose."""
    sha = lambda data: hashlib.sha256(data).hexdigest()
    mac = lambda key, text: hmac.new(key, text.encode(), hashlib.sha256).digest()
    own = AWS_ACCESS_KEY_ID()
    key_id = {None: own, "shortened": own[:-1], "lengthened": own + "x"}.get(key_id, key_id)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    s3 = service in ("s3", "s3-object-lambda", "s3-outposts", "s3express")
    headers = headers + [("x-amz-date", stamp)]
    if os.environ.get("AWS_SESSION_TOKEN"):
        headers.append(("x-amz-security-token", os.environ["AWS_SESSION_TOKEN"]))
    if s3:
        headers.append(("x-amz-content-sha256", sha(body)))
    path, _, query = target.partition("?")
    if not s3:
        if "//" in path or "/." in path:
            folder, kept = path.endswith(("/", "/.", "/..")), []
            for segment in path.split("/"):
                if segment == "..":
                    kept[-1:] = []
                elif segment not in ("", "."):
                    kept.append(segment)
            path = "/" + "/".join(kept) + ("/" if folder and kept else "")
        path = urllib.parse.quote(path if path.startswith("/") else "/" + path, safe="/-_.~")
    once = lambda text: urllib.parse.quote(urllib.parse.unquote_to_bytes(text), safe="-_.~")
    pairs = sorted((once(pair.partition("=")[0]), once(pair.partition("=")[2])) for pair in query.split("&") if pair)
    unsigned = ("authorization", "user-agent", "x-amzn-trace-id", "transfer-encoding", "connection", "expect")
    canonical = {}
    for name, value in headers + [("host", host)] * (not any(name.lower() == "host" for name, _ in headers)):
        if name.lower() not in unsigned:
            canonical.setdefault(name.lower(), []).append(re.sub(" +", " ", value.strip()))
    names = ";".join(sorted(canonical))
    request = "\n".join(
        [method, path, "&".join("=".join(pair) for pair in pairs)]
        + [f"{name}:{','.join(canonical[name])}" for name in sorted(canonical)]
        + ["", names, sha(body)]
    )
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    key = ("AWS4" + AWS_SECRET_ACCESS_KEY()).encode()
    for text in scope.split("/"):
        key = mac(key, text)
    signature = mac(key, f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{sha(request.encode())}").hex()
    if damage == "wrong-signature":
        signature = signature.translate(str.maketrans("0123456789abcdef", "123456789abcdef0"))
    parts = {"Credential": f"{key_id}/{scope}", "SignedHeaders": names, "Signature": signature}
    proof = ", ".join(f"{name}={value}" for name, value in parts.items() if name != part)
    scheme = {"no-scheme": "", "other-scheme": f"{part} "}.get(damage, "AWS4-HMAC-SHA256 ")
    return headers + [("authorization", scheme + proof)]
