"""One sentence form for all errors: the rule, what was received, the way out."""


class InputError(ValueError):
    """Raised for input that breaks a stated rule; its text is one line, fit for the command line."""


def invalid(rule: str, *, received: object, way_out: str) -> InputError:
    """Make the error `rule; got received. way_out.` (returned, not raised, so that the caller's line says `raise`)."""
    return InputError(f"{rule}; got {received}. {way_out}")
