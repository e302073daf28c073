"""Whole lives of wallets, drawn by seed: whatever is asked, breaks, lies or dies, in any order, the
book ends at the provider's truth, or what is not there stands in front of a person.

`python -m tests.simulation --seed 42` plays one again and tells its history.

* `scenario` draws a history: plain data, nothing done yet;
* `world` has the provider, the clock and the portal's side of one wallet;
* `steps` carries a history out, with our real operations over real HTTP;
* `truth` is what the provider did, from its own books, and for which of our rentals;
* `checks` compares the two;
* `runs` plays many seeds on all cores.
"""
