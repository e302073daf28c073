"""Who may do what: the declared matrix, and the walk over every address below a team's."""
