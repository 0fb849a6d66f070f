"""The second implementation of the Comm protocol, and the conformance suite on top of it.

Written from spec/ alone. It shares no code and no cryptographic library with the reference implementation: protobuf is
read and written by hand, cryptography is OpenSSL's (python3-cryptography), Argon2 python3-argon2's.
"""
