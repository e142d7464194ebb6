def main(what, work, status, aws, place, *given):
    status, body = int(status), open(f"{work}/body", "rb").read()
    head = open(f"{work}/head", encoding="latin-1").read().split("\r\n\r\n")
    head = [block for block in head if block.startswith("HTTP/")] or [""]
    headers = [(line.partition(":")[0], line.partition(":")[2].strip()) for line in head[-1].splitlines()[1:]]
    if what == "value":
        found = value_at(json.loads(body), given[0])
        text = found if isinstance(found, str) else json.dumps(found)
        forms = {
            "raw": text,
            "url": urllib.parse.quote(text, safe=""),
            "json": json.dumps(found, ensure_ascii=False),
            "text": json.dumps(text, ensure_ascii=False)[1:-1],
        }
        sys.stdout.write(forms[given[1]])
        return True
    if what == "equal":
        return value_at(json.loads(body), given[0]) == json.loads(given[1])
    if what == "survived":
        return status < 500
    if what == "set-up":
        return status in map(int, given) if given else is_success(status, None)
    code = error_code(status, headers, body, aws == "aws", place)
    due = int(given[0]) if what == "accepted" and given[0] != "2xx" else None
    pairs = [pair.partition(":") for pair in (given[1:] if what == "accepted" else given)]
    if is_one_of(status, code, [(int(due) if due else None, name or None) for due, _, name in pairs]):
        return True
    return what == "accepted" and is_success(status, due) and code is None


sys.exit(0 if main(*sys.argv[1:]) else 1)
