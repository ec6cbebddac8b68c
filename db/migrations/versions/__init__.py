"""The tables' history: one file a change, applied by `Database.migrate`."""
