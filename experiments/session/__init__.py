"""The Python interface to all that medtransfer does: the class ``Session`` and the parts behind it."""
