"""Files taken in from members and sent to them: clips, photos, pictures."""
