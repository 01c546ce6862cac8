//! The browser border: the only crate that knows JavaScript.
