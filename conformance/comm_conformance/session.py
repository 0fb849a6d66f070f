"""The handshake's cryptography (10-transport, Sessions)."""
from . import crypto
from .base import H


def transcript(client_key, hello, welcome_body):
    return H("session", client_key, H("hello", hello), welcome_body)


def sign_welcome(node_seed, digest):
    return crypto.ed25519_sign(node_seed, H("welcome", digest))


def welcome_valid(node_key, signature, digest):
    return crypto.ed25519_verify(node_key, signature, H("welcome", digest))


def sign_auth(node_seed, digest):
    return crypto.ed25519_sign(node_seed, H("auth", digest))


def auth_valid(node_key, signature, digest):
    return crypto.ed25519_verify(node_key, signature, H("auth", digest))


def sign_collect(mailbox_seed, digest):
    mailbox_key = crypto.ed25519_public(mailbox_seed)
    return {"mailbox_key": mailbox_key,
            "signature": crypto.ed25519_sign(mailbox_seed, H("collect", digest, mailbox_key))}


def collect_valid(mailbox_key, signature, digest):
    return crypto.ed25519_verify(mailbox_key, signature, H("collect", digest, mailbox_key))
