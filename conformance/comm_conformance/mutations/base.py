"""How mutants are made. MUTANTS: name -> (requirement, function that breaks it)."""
from ..base import need

MUTANTS = {}


def mutant(name, requirement):
    def register(function):
        assert name not in MUTANTS, name
        MUTANTS[name] = (requirement, function)
        return function
    return register


def patch(owner, name):
    """A decorator: the function gets the original and takes its place."""
    def put(function):
        original = getattr(owner, name)
        setattr(owner, name, lambda *arguments, **named: function(original, *arguments, **named))
    return put


def ignore(owner, name, value=None):
    setattr(owner, name, lambda *arguments, **named: value)


def without(errors):
    """`need` that lets some errors pass."""
    def lenient(condition, error, scope="count"):
        if error not in errors:
            need(condition, error, scope)
    return lenient


def tolerate(name, requirement, module, *errors):
    mutant(name, requirement)(lambda: setattr(module, "need", without(errors)))
