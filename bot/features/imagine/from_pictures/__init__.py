"""Pictures that new ones are made from: by the menu of a message, and by words about it."""
