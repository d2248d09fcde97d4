"""A real OpenID provider (oidc-provider-mock) that signs userinfo as ProConnect does, and lies when it is told to.

    python -m tests.proconnect.provider

prints its port. `PUT /lies` takes, for `id_token` and for `userinfo`: `claims` (an empty one is left out), `alg`, `key`
(`other`), `plain` (unsigned); and `status`, what the token endpoint answers.
"""

import json
import sys
import time
from datetime import timedelta
from typing import Any

import flask
import jwt
import oidc_provider_mock
from cryptography.hazmat.primitives.asymmetric import rsa
from werkzeug.serving import make_server

from tests.proconnect import CLIENT, SECRET

LIES: dict[str, Any] = {}
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SEEN: list[dict[str, str]] = []  # what was asked of it

app = oidc_provider_mock.app(access_token_max_age=timedelta(minutes=1))
app.debug = False


def signed(claims: dict[str, Any], what: str) -> str:
    lies = LIES.get(what, {})
    claims = {name: value for name, value in (claims | lies.get("claims", {})).items() if value is not None}
    if lies.get("plain"):
        return json.dumps(claims)
    jwk = flask.g.oidc_provider_mock_storage.jwk.as_dict(is_private=True)
    alg = lies.get("alg", "RS256")
    key: Any = {"HS256": SECRET, "none": None}.get(alg, OTHER_KEY if lies.get("key") else jwt.PyJWK(jwk, "RS256").key)
    return jwt.encode(claims, key, algorithm=alg, headers={"kid": jwk["kid"]})


@app.before_request
def note() -> None:
    if flask.request.path.startswith("/oauth2"):
        SEEN.append({"path": flask.request.path, **flask.request.values})


@app.after_request
def sign(response: flask.Response) -> flask.Response:
    if response.status_code != 200:
        return response
    if flask.request.path == "/oauth2/token":
        body = response.get_json()
        claims = jwt.decode(body["id_token"], options={"verify_signature": False})
        body["id_token"] = signed({**claims, "acr": "eidas1", "amr": ["pwd", "mfa"]}, "id_token")
        response.set_data(json.dumps(body))
        response.status_code = LIES.get("status", 200)
    elif flask.request.path == "/userinfo":
        claims = response.get_json()
        now = int(time.time())
        issuer = flask.request.host_url.rstrip("/")
        said = {**claims, "iss": issuer, "aud": CLIENT, "iat": now, "exp": now + 60}
        response.set_data(signed(said, "userinfo"))
        response.content_type = "application/jwt"
    return response


@app.put("/lies")
def lie() -> tuple[str, int]:
    LIES.clear()
    LIES.update(flask.request.get_json())
    SEEN.clear()
    return "", 204


@app.get("/seen")
def seen() -> flask.Response:
    return flask.jsonify(SEEN)


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, app, threaded=True)
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    server.serve_forever()
