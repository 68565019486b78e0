"""The Chinese edition: what is translated, where its translations stand, what they must keep.

There is one source, the English one. `messages.py` reads from it whatever a reader sees, without
building anything; `catalogue.py` keeps a translation beside each message, in files of gettext, and
`gate.py` says what is wrong with one. The build takes the same catalogues
(`book/_ext/translated.py`). For translators: `docs/chinese.md`.
"""
