// SQLiteBackend
