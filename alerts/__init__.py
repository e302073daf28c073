"""What somebody should be told of without looking for it: on the page, by e-mail, by webhook."""
