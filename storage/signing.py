"""What an erasure sets in a conversation, as SQL; `conversations.py` has it for functions."""

# The version, the stage, the language and the message id stay, so that old buttons are harmless.
# The stage changes in the same transaction, or a kill in between would leave the person without a
# confirmation.
FORGOTTEN = """
name_sealed = NULL, name_message_ids = '[]', source = NULL, news = 0,
  updates = 0, with_name = NULL, form_started_at = NULL, notice = NULL, screen_digest = NULL,
  picture_id = NULL, updated_at = 0, page = 0, return_stage = NULL
"""
"""What an erasure sets in a conversation."""
