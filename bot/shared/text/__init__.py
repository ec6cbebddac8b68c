"""Text: members' words made harmless, compared with blocked ones, and shown on cards. Pure."""
