//! Scripts as tokens: enough of JavaScript to tell code from strings, comments and regular expressions.

mod lexer;

mod text;
pub use text::html_unescaped;

mod token;
pub use token::{Kind, Script};

mod statement;

mod asked;
pub use asked::words_between;

mod constant;
pub use constant::truth;

mod gate;
pub use gate::Gate;

mod condition;
pub use condition::condition_before;

#[cfg(test)]
mod stories;

#[cfg(test)]
mod gate_stories;
