"""Changes as wholes: several calls as one, a change undone, a change that has to be confirmed."""
