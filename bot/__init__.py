"""The petition bot: the process, the rules of a petition, and the traffic with Telegram."""

import os

# Two megabytes that a running bot never uses: ciphers of the past, and C++ for lists of callbacks.
os.environ.update(CRYPTOGRAPHY_OPENSSL_NO_LEGACY="1", FROZENLIST_NO_EXTENSIONS="1")
