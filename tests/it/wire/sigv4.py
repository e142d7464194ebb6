"""Makes sigv4.json: what botocore signs for a table of requests.

    pip install botocore && python tests/wire/sigv4.py > tests/wire/sigv4.json

An independent implementation: overstep's tests hold its own signatures against these.
"""
import datetime, json
import botocore, botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

WHEN = datetime.datetime(2015, 8, 30, 12, 36, 0, tzinfo=datetime.timezone.utc)
botocore.auth.get_current_datetime = lambda remove_tzinfo=True: WHEN.replace(tzinfo=None) if remove_tzinfo else WHEN
KEYS = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")

REQUESTS = [
    # The first is the suite's get-vanilla, whose signature AWS has published: 5fa00fa3…
    dict(method="GET", target="/", host="example.amazonaws.com", service="service"),
    dict(method="POST", target="/", host="example.amazonaws.com", service="service"),
    dict(method="GET", target="/?Param2=value2&Param1=value1", host="example.amazonaws.com", service="service"),
    dict(method="GET", target="/?a=1&a=0&b&%C3%A9=%20", host="example.amazonaws.com", service="service"),
    dict(method="POST", target="/contact/tags", host="127.0.0.1:4566", service="connect",
         headers=[["content-type", "application/json"]], body='{"ContactId":"aaaaaaaa","Tags":{"k":"v"}}'),
    dict(method="POST", target="/contacts/11111111/a%20b%2Fc%C3%A9", host="localhost:4566", service="connect",
         headers=[["content-type", "application/json"]], body="{}"),
    dict(method="POST", target="/contacts/../x/./y//z/", host="localhost:4566", service="connect", body="\u00e9\u0001"),
    dict(method="GET", target="/a/../..", host="localhost:4566", service="connect"),
    dict(method="GET", target="/plain~tilde-dash_under.dot", host="localhost:4566", service="connect"),
    dict(method="GET", target="/%2e%2e/%2E", host="localhost:4566", service="connect"),
    dict(method="GET", target="/!$&'()*+,;=:@", host="localhost:4566", service="connect"),
    dict(method="GET", target="/t", host="[::1]:4566", service="connect", token="a/token=="),
    dict(method="GET", target="/t", host="localhost", service="connect",
         headers=[["x-b", "  two   spaces  "], ["X-A", "1"], ["user-agent", "not signed"]]),
]


def signed(request):
    keys = Credentials(*KEYS, request.get("token"))
    scheme_host = "http://" + request["host"]
    aws = AWSRequest(method=request["method"], url=scheme_host + request["target"],
                     headers=dict(request.get("headers", [])), data=request.get("body", "").encode())
    aws.headers["Host"] = request["host"]
    auth = botocore.auth.SigV4Auth(keys, request["service"], "us-east-1")
    auth.add_auth(aws)
    return {**request, "authorization": aws.headers["Authorization"]}


print(json.dumps({"made_by": f"botocore {botocore.__version__}", "access_key_id": KEYS[0], "secret_access_key": KEYS[1],
                  "region": "us-east-1", "unix_seconds": int(WHEN.timestamp()),
                  "requests": [signed(request) for request in REQUESTS]}, indent=1))
