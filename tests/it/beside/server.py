"""Boxes that are made, read, noted and listed. Ids, moments, requests' ids, the account and the host are its own, and
the order of what has none is drawn by lot; words on the command line are what it does otherwise."""
import http.server, json, random, sys, threading, time, uuid

WORDS, LOCK, BOXES = sys.argv[2:], threading.Lock(), {}
ACCOUNT = "%012d" % random.randrange(10**12)


class Refused(Exception):
    pass


def shuffled(items):
    items = list(items)
    random.shuffle(items)
    return items


def made(i):
    name = i["Name"]
    if name in BOXES:
        raise Refused("BoxExistsException")
    BOXES[name] = {"BoxId": str(uuid.uuid4()), "Made": time.time(), "Note": i.get("Note")}
    url = "http://127.0.0.1:%s/%s/%s" % (sys.argv[1], ACCOUNT, name)
    return {"Name": name, "BoxId": BOXES[name]["BoxId"], "Url": url}


def found(i):
    name = i.get("Name")
    if name not in BOXES:
        raise Refused("NoSuchBoxException")
    return name, BOXES[name]


def read(i):
    name, box = found(i)
    keeper = str(uuid.uuid4())
    watcher = str(uuid.uuid4()) if "strangers" in WORDS else keeper
    parts = [{"PartId": str(uuid.uuid4()), "Kind": kind} for kind in ("lid", "floor", "wall")]
    settings = {"Delay": "5" if "delay" in WORDS else "0", "Modified": str(int(time.time())), "Arn": arn(name)}
    return {
        "Name": name,
        "BoxId": str(uuid.uuid4()) if "renamed" in WORDS else box["BoxId"],
        "Made": box["Made"],
        "State": "OPEN",
        "Keeper": keeper,
        "Watcher": watcher,
        "Parts": shuffled(parts[1:] if "lidless" in WORDS else parts),
        "Settings": dict(shuffled(settings.items())),
    }


def arn(name):
    return "arn:aws:boxes:%s:%s:box/%s" % (random.choice(["us-east-1", "eu-west-3"]), ACCOUNT, name)


def noted(i):
    name, box = found(i)
    box["Note"] = i.get("Note")
    note = box["Note"]
    return {"Note": note.upper() if "loud" in WORDS and note else note, "RequestId": str(random.random())}


def deleted(i):
    del BOXES[found(i)[0]]
    return {}


def listed(i):
    return {"Names": shuffled(BOXES), "Total": len(BOXES)}


OPERATIONS = {"CreateBox": made, "DescribeBox": read, "NoteBox": noted, "DeleteBox": deleted, "ListBoxes": listed}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *words):
        pass

    def say(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/x-amz-json-1.1")
        self.send_header("x-amzn-requestid", str(uuid.uuid4()))
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        name = (self.headers.get("x-amz-target") or "").split(".")[-1]
        try:
            i = json.loads(body.decode("utf-8"))
            with LOCK:
                self.say(200, OPERATIONS[name](i))
        except Refused as refused:
            self.say(400, {"__type": "boxes#" + refused.args[0]})
        except Exception:
            self.say(400, {"__type": "boxes#ValidationException"})


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
