//! The command `nas`.
fn main() {}
