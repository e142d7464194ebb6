def main(what, work, status, aws, place, *arguments):
    status, body = int(status), open(f"{work}/body", "rb").read()
    head = open(f"{work}/head", encoding="latin-1").read().split("\r\n\r\n")
    head = [block for block in head if block.startswith("HTTP/")] or [""]
    headers = [(line.partition(":")[0], line.partition(":")[2].strip()) for line in head[-1].splitlines()[1:]]
    if what == "value":
        value = value_at(json.loads(body), arguments[0])
        text = value if isinstance(value, str) else json.dumps(value)
        forms = {
            "raw": text,
            "url": urllib.parse.quote(text, safe=""),
            "json": json.dumps(value, ensure_ascii=False),
            "text": json.dumps(text, ensure_ascii=False)[1:-1],
        }
        sys.stdout.write(forms[arguments[1]])
        return True
    if what == "equal":
        return value_at(json.loads(body), arguments[0]) == json.loads(arguments[1])
    if what == "survived":
        return status < 500
    if what == "set-up":
        return status in map(int, arguments) if arguments else is_success(status, None)
    code = error_code(status, headers, body, aws == "aws", place)
    expected = int(arguments[0]) if what == "accepted" and arguments[0] != "2xx" else None
    pairs = [pair.partition(":") for pair in (arguments[1:] if what == "accepted" else arguments)]
    if is_one_of(status, code, [(int(expected) if expected else None, name or None) for expected, _, name in pairs]):
        return True
    return what == "accepted" and is_success(status, expected) and code is None


sys.exit(0 if main(*sys.argv[1:]) else 1)
