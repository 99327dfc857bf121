"""Broadcasts: one message to many recipients, sent at the permitted rate, with every outcome."""
