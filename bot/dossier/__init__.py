"""The dossier: an opened list of signatures, set as PDF files that are handed to the addressee.

It needs the extra `pdf`, and neither settings nor database, key nor network. The list is what
`petition-bot export --format json` writes, decrypted.
"""
