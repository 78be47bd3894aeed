"""The checks of a machine by `medtransfer doctor`; each takes the facts that it judges as arguments."""
