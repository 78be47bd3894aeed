"""The subcommands of ``medtransfer``, one file each."""
