"""Calls to Telegram: the shared HTTP session, the send gate, and the error kinds."""
