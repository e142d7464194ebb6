"""A service of boxes. Ids, times, request ids, the account and the host differ from process to process, and unordered
collections are shuffled; words on the command line select different behaviours."""
import http.server, json, random, sys, threading, time, uuid

BEHAVIORS, LOCK, BOXES = sys.argv[2:], threading.Lock(), {}
ACCOUNT = "%012d" % random.randrange(10**12)


class Rejected(Exception):
    pass


def shuffled(items):
    items = list(items)
    random.shuffle(items)
    return items


def create(i):
    name = i["Name"]
    if name in BOXES:
        raise Rejected("BoxExistsException")
    BOXES[name] = {"BoxId": str(uuid.uuid4()), "Created": time.time(), "Note": i.get("Note")}
    url = "http://127.0.0.1:%s/%s/%s" % (sys.argv[1], ACCOUNT, name)
    return {"Name": name, "BoxId": BOXES[name]["BoxId"], "Url": url}


def find(i):
    name = i.get("Name")
    if name not in BOXES:
        raise Rejected("NoSuchBoxException")
    return name, BOXES[name]


def describe(i):
    name, box = find(i)
    owner = str(uuid.uuid4())
    reader = str(uuid.uuid4()) if "different-ids" in BEHAVIORS else owner
    parts = [{"PartId": str(uuid.uuid4()), "Kind": kind} for kind in ("lid", "floor", "wall")]
    settings = {"Delay": "5" if "delay" in BEHAVIORS else "0", "Modified": str(int(time.time())), "Arn": arn(name)}
    return {
        "Name": name,
        "BoxId": str(uuid.uuid4()) if "new-ids" in BEHAVIORS else box["BoxId"],
        "Created": box["Created"],
        "State": "OPEN",
        "Owner": owner,
        "Reader": reader,
        "Parts": shuffled(parts[1:] if "missing-part" in BEHAVIORS else parts),
        "Settings": dict(shuffled(settings.items())),
    }


def arn(name):
    return "arn:aws:boxes:%s:%s:box/%s" % (random.choice(["us-east-1", "eu-west-3"]), ACCOUNT, name)


def note(i):
    name, box = find(i)
    box["Note"] = i.get("Note")
    text = box["Note"]
    return {"Note": text.upper() if "upper-case" in BEHAVIORS and text else text, "RequestId": str(random.random())}


def delete(i):
    del BOXES[find(i)[0]]
    return {}


def list_all(i):
    return {"Names": shuffled(BOXES), "Total": len(BOXES)}


OPERATIONS = {"CreateBox": create, "DescribeBox": describe, "NoteBox": note, "DeleteBox": delete, "ListBoxes": list_all}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *words):
        pass

    def respond(self, status, document):
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
                self.respond(200, OPERATIONS[name](i))
        except Rejected as rejected:
            self.respond(400, {"__type": "boxes#" + rejected.args[0]})
        except Exception:
            self.respond(400, {"__type": "boxes#ValidationException"})


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
