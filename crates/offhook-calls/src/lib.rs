//! What happened on the phone: facts, the fold that makes calls of them, and the identity of a call. Pure.
