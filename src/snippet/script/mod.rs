//! Scripts as tokens: enough of JavaScript to tell code from strings, comments and regular expressions.

mod lexer;

mod text;
pub use text::html_unescaped;

mod token;
pub use token::{Kind, Script};

mod gate;
pub use gate::Gate;

mod condition;
pub use condition::condition_before;

#[cfg(test)]
mod stories;
