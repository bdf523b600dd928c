"""What an identity provider is believed: a token that is signed with a key of its own, and nothing beside it.

Streamlit and Authlib take whatever the provider's own description lists, ``none`` included, and who somebody is out of
an answer that has no token at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import wraps
from typing import Any

SIGNED = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "ES256K", "EdDSA", "Ed25519",
)  # fmt: skip
"""Signatures that only who has the private half can make."""

USUAL = ("RS256",)
"""What OpenID Connect asks of every provider."""


def signed_only(algorithms: Sequence[str] | None) -> list[str]:
    """Return those of a provider's algorithms that sign with a private key; the usual one where there is none.

    >>> signed_only(["none", "HS256", "ES256"]), signed_only(["none"]), signed_only(None)
    (['ES256'], ['RS256'], ['RS256'])
    """
    return [name for name in algorithms or () if name in SIGNED] or list(USUAL)


def believe_signed_tokens_only() -> None:
    """Let nobody be logged in by a token without a signature, or by an answer without a token.

    For the whole process; where the extra ``team`` is not installed there is no log-in.
    """
    try:
        from authlib.integrations.base_client.async_openid import AsyncOpenIDMixin
        from authlib.integrations.starlette_client import StarletteOAuth2App
    except ImportError:
        return
    parse, authorize = AsyncOpenIDMixin.parse_id_token, StarletteOAuth2App.authorize_access_token

    @wraps(parse)
    async def parse_signed(self: Any, *args: Any, **kwargs: Any) -> Any:
        metadata = await self.load_server_metadata()
        name = "id_token_signing_alg_values_supported"
        metadata[name] = signed_only(metadata.get(name))
        return await parse(self, *args, **kwargs)

    @wraps(authorize)
    async def authorize_by_token(self: Any, *args: Any, **kwargs: Any) -> Any:
        answer = await authorize(self, *args, **kwargs)
        if "id_token" not in answer:
            answer.pop("userinfo", None)
        return answer

    AsyncOpenIDMixin.parse_id_token = parse_signed
    StarletteOAuth2App.authorize_access_token = authorize_by_token
