"""What a balance says where no row does: drift, what explains it, and what nothing can."""
