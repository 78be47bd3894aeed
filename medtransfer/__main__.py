"""``python -m medtransfer``: the command line."""

from __future__ import annotations

from medtransfer import main

raise SystemExit(main())
