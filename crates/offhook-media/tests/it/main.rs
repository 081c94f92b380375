//! The archive against the emulator, on sockets and real files.
