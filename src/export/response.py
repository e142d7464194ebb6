def value_at(document, path):
    """Returns the value at a path such as `data.tags[0]`, or None."""
    if not path:
        return document
    if isinstance(document, dict) and path in document:
        return document[path]
    if path.startswith("["):
        index, _, rest = path[1:].partition("]")
        if not isinstance(document, list) or not index.isdigit() or int(index) >= len(document):
            return None
        return value_at(document[int(index)], rest[1:] if rest.startswith(".") else rest)
    end = min([at for at in (path.find("."), path.find("[")) if at >= 0], default=len(path))
    if not isinstance(document, dict) or path[:end] not in document:
        return None
    rest = path[end:]
    return value_at(document[path[:end]], rest[1:] if rest.startswith(".") else rest)


def error_code(status, headers, body, aws, place):
    """Returns the error code of a response, from the same places where overstep looks for it."""
    plain = lambda code: code.split(":")[0].rsplit("#", 1)[-1].strip()
    if aws:
        for name, value in headers:
            if name.lower() == "x-amzn-errortype" and plain(value):
                return plain(value)
    if status < 400 and not place and not aws:
        return None
    try:
        document = json.loads(body)
    except ValueError:
        return None

    def text(path):
        value = value_at(document, path)
        return value.strip() if isinstance(value, str) else ""

    if place and text(place):
        return plain(text(place)) if aws else text(place)
    if aws and plain(text("__type")):
        return plain(text("__type"))
    if status < 400:
        return None
    for path in ("code", "Code") if aws else ():
        if plain(text(path)):
            return plain(text(path))
    for path in ("error.code", "code", "error.type", "error", "type", "errors[0].code"):
        if text(path):
            return text(path)
    return None


def is_one_of(status, code, errors):
    """Returns whether status and error code are one of the documented pairs; None matches any value."""
    return any(
        (status == expected if expected else 400 <= status < 500) and (name is None or name == code)
        for expected, name in errors
    )


def is_success(status, expected):
    return status == expected if expected else 200 <= status < 300
