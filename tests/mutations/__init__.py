"""Takes the guards of the rules away, one after the other, and sees that the tests notice: `make mutants`.

A test that has never failed proves nothing. Each entry of `disk`, `trees` and `server` names a rule or an invariant, the
words in the source that guard it, what stands there without the guard, and the tests that must fail then. `run` puts each
into a copy of the sources and runs those tests alone. Beside `make mutants`, a quick test sees that the words are still
in the sources, each once (`tests/project/test_mutations.py`), so that the list cannot go out of date unseen.
"""
