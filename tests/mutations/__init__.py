"""Takes the guards of the rules away, one after the other, and sees that the tests notice: `make mutants`.

A test that has never failed proves nothing. Each entry of the lists, a module for each subject, names a rule, an invariant or
a decision (0043), the words in the source that guard it, what stands there without the guard, and the tests that must fail
then. Each is put into a copy of the sources, with which those tests alone are run. Beside `make mutants`, a quick test sees
that the words are still in the sources, each once (`tests/project/test_mutations.py`), so that the list cannot go out of date
unseen.
"""
