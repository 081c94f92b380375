//! OAuth scopes: what each operation and event needs.
