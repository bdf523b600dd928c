"""What an identity provider is believed, on a real desk against a provider of the test's own on loopback."""

from __future__ import annotations

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest import mock
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from dashboard.provider import SIGNED, signed_only
from tests.commands import free_port

SECRET = "0123456789abcdef0123456789abcdef0123"


def encoded(part) -> str:
    """A part of a token."""
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


class Provider(BaseHTTPRequestHandler):
    """A provider whose description lists ``none``, and whose answers are those of ``server.answer``."""

    def log_message(self, *args):
        """Print nothing."""

    def _send(self, body):
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        """Describe itself and its keys, and lead back with a code that carries the nonce."""
        parts, own = urlsplit(self.path), f"http://127.0.0.1:{self.server.server_port}"
        if parts.path == "/auth":
            asked = dict(parse_qsl(parts.query))
            self.send_response(302)
            back = urlencode({"code": asked["nonce"], "state": asked["state"]})
            self.send_header("Location", f"{asked['redirect_uri']}?{back}")
            self.end_headers()
        elif parts.path == "/keys":
            self._send({"keys": [self.server.key.as_dict(private=False)]})
        else:
            names = {"authorization_endpoint": "/auth", "token_endpoint": "/token", "jwks_uri": "/keys"}
            self._send(
                {
                    "issuer": own,
                    **{name: own + path for name, path in names.items()},
                    "id_token_signing_alg_values_supported": ["none", "HS256", "RS256"],
                }
            )

    def do_POST(self):
        """Answer with a token, or with what the test says instead."""
        asked = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        now = int(time.time())
        claims = {
            "iss": f"http://127.0.0.1:{self.server.server_port}", "sub": "ann", "aud": "desk", "iat": now,
            "exp": now + 600, "nonce": asked["code"], "roles": "admin",
        }  # fmt: skip
        self._send({"access_token": "a", "token_type": "Bearer", **self.server.answer(claims)})


@pytest.fixture(scope="module")
def provider():
    """The provider, with a key of its own."""
    jwk = pytest.importorskip("joserfc.jwk", reason="the extra team is not installed")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    server.key = jwk.RSAKey.generate_key(2048, {"kid": "one"})
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def team_desk(provider, start_desk, tmp_path_factory):
    """The address of a desk for people who log in at that provider."""
    folder, port = tmp_path_factory.mktemp("team"), free_port()
    (folder / "prices").mkdir()
    (folder / "luigi.cfg").write_text("[files]\nroots = prices\n")
    (folder / "login.toml").write_text(
        f'[auth]\nredirect_uri = "http://127.0.0.1:{port}/oauth2callback"\ncookie_secret = "{SECRET}"\n'
        f'client_id = "desk"\nclient_secret = "unused"\n'
        f'server_metadata_url = "http://127.0.0.1:{provider.server_port}/.well-known/openid-configuration"\n'
    )
    (folder / "login.toml").chmod(0o600)
    return start_desk(folder / "data", cwd=folder, port=port, options=["--login", "login.toml"]).url


def logged_in(desk: str):
    """A browser's cookies after a log-in; that of somebody who is logged in is among them or not."""
    import httpx
    from streamlit.auth_util import encode_provider_token

    with mock.patch("streamlit.auth_util.get_signing_secret", return_value=SECRET):
        token = encode_provider_token("default")
    browser = httpx.Client(timeout=30)
    answer = browser.get(f"{desk}/auth/login", params={"provider": token})
    while answer.status_code == 302 and urlsplit(answer.headers["location"]).path != "/":
        answer = browser.get(answer.headers["location"])
    return browser


def signed(provider, claims):
    """A token as a provider makes it."""
    from joserfc import jwt

    return jwt.encode({"alg": "RS256", "kid": "one"}, claims, provider.key)


@pytest.mark.slow
def test_only_a_token_signed_by_the_provider_lets_somebody_in(team_desk, provider):
    """Not one without a signature, though its description lists that, and not who somebody is without a token."""
    ways = {
        "signed": (lambda claims: {"id_token": signed(provider, claims)}, True),
        "none": (lambda claims: {"id_token": f"{encoded({'alg': 'none'})}.{encoded(claims)}."}, False),
        "no token": (lambda claims: {"userinfo": claims}, False),
        "another audience": (lambda claims: {"id_token": signed(provider, {**claims, "aud": "x"})}, False),
        "another nonce": (lambda claims: {"id_token": signed(provider, {**claims, "nonce": "x"})}, False),
    }
    for name, (answer, lets_in) in ways.items():
        provider.answer = answer
        browser = logged_in(team_desk)
        assert bool(browser.cookies.get("_streamlit_user")) is lets_in, name
        browser.close()


@pytest.mark.parametrize(
    ("listed", "believed"),
    [
        (None, ["RS256"]),
        ([], ["RS256"]),
        (["none"], ["RS256"]),
        (["HS256", "none"], ["RS256"]),
        (["none", "PS256", "HS512", "ES384"], ["PS256", "ES384"]),
    ],
)
def test_only_algorithms_with_a_private_key_are_believed(listed, believed):
    """Whatever a provider lists; the one that all of them have where none is left."""
    assert signed_only(listed) == believed
    assert not {name for name in SIGNED if name.startswith("HS") or name.lower() == "none"}
