"""How a user's own folder is read: tables, class folders, names of files; and how its phantom edition is drawn."""
