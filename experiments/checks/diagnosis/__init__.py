"""What `medtransfer doctor` looks at on a machine; each check takes the facts that it judges as arguments."""
