"""Real weights on real images: what of Transfusion's findings shows on two small tasks, on two CPU cores."""
