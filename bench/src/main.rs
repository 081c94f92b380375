//! Load, speed and kill tests of Offhook: real sockets, real signatures, real disks.

fn main() {}
