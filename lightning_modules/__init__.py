"""What is trained and tested: a backbone with a head or decoder, its loss, its optimizer and its validation metric."""
